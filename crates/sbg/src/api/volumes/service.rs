//! The cloud service behind a volume: its location, its credentials, and how it stores exported objects.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::S3Properties;
use crate::error::{Error, Result};
use crate::raw::Secret;
use crate::types;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cloud {
    S3,
    Google,
    Oss,
    Azure,
}

impl Cloud {
    /// The platform's name for the service type.
    fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Google => "gcs",
            Self::Oss => "OSS",
            Self::Azure => "azure",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S3 => "Amazon S3",
            Self::Google => "Google Cloud Storage",
            Self::Oss => "Aliyun OSS",
            Self::Azure => "Microsoft Azure",
        })
    }
}

/// The cloud service of a volume to [create](super::Volumes::create): the bucket and the credentials that the platform uses.
///
/// Secrets are strings or `SecretString`s; `Debug` never shows them.
///
/// ```
/// use sbg::volumes::Service;
///
/// let service = Service::s3("kings-college-patterns", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI").prefix("photographs");
/// assert!(!format!("{service:?}").contains("wJalrXUtnFEMI"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Service {
    cloud: Cloud,
    location: Location,
    credentials: Credentials,
    prefix: Option<String>,
    endpoint: Option<String>,
    root_url: Option<String>,
    properties: Option<S3Properties>,
}

#[derive(Clone, Debug)]
enum Location {
    Bucket(String),
    Container { storage_account: String, container: String, resource_id: String },
}

impl Service {
    /// An Amazon S3 bucket, with the access key of an IAM user.
    ///
    /// ```
    /// # fn example(client: sbg::Client, secret: String) {
    /// use sbg::volumes::Service;
    ///
    /// let service = Service::s3("kings-college-patterns", "AKIAIOSFODNN7EXAMPLE", secret);
    /// let create = client.volumes().create("patterns", service);
    /// # }
    /// ```
    pub fn s3(
        bucket: impl Into<String>,
        access_key_id: impl Into<SecretString>,
        secret_access_key: impl Into<SecretString>,
    ) -> Self {
        Self::bucket(Cloud::S3, bucket, Credentials::access_key(access_key_id, secret_access_key))
    }

    /// An Amazon S3 bucket, with an IAM role that the platform assumes. The platform's support must enable roles.
    ///
    /// ```
    /// # fn example(external_id: String) {
    /// use sbg::volumes::Service;
    ///
    /// let role = "arn:aws:iam::123456789012:role/patterns";
    /// let service = Service::s3_role("kings-college-patterns", role, external_id);
    /// # }
    /// ```
    pub fn s3_role(
        bucket: impl Into<String>,
        role_arn: impl Into<String>,
        external_id: impl Into<SecretString>,
    ) -> Self {
        Self::bucket(Cloud::S3, bucket, Credentials::role(role_arn, external_id))
    }

    /// A Google Cloud Storage bucket, with the key of a service account: its e-mail address and its private key in PEM.
    ///
    /// ```
    /// # fn example(private_key: String) {
    /// use sbg::volumes::Service;
    ///
    /// let account = "patterns@kings-college.iam.gserviceaccount.com";
    /// let service = Service::google("kings-college-patterns", account, private_key);
    /// # }
    /// ```
    pub fn google(
        bucket: impl Into<String>,
        client_email: impl Into<String>,
        private_key: impl Into<SecretString>,
    ) -> Self {
        Self::bucket(Cloud::Google, bucket, Credentials::service_account(client_email, private_key))
    }

    /// A Google Cloud Storage bucket, with identity federation: `configuration` is the text of the JSON file that the Google console
    /// offers. The platform's support must enable it.
    ///
    /// ```
    /// # fn example() {
    /// let configuration = std::fs::read_to_string("clientLibraryConfig-patterns.json").unwrap();
    /// let service = sbg::volumes::Service::google_iam("kings-college-patterns", configuration);
    /// # }
    /// ```
    pub fn google_iam(bucket: impl Into<String>, configuration: impl Into<SecretString>) -> Self {
        Self::bucket(Cloud::Google, bucket, Credentials::federation(configuration))
    }

    /// An Aliyun OSS bucket, with an access key; `endpoint` is the host of the service. Some environments take OSS read-only.
    ///
    /// ```
    /// # fn example(secret: String) {
    /// use sbg::volumes::Service;
    ///
    /// let host = "oss-eu-central-1.aliyuncs.com";
    /// let service = Service::oss("kings-college-patterns", host, "LTAI4EXAMPLE", secret);
    /// # }
    /// ```
    pub fn oss(
        bucket: impl Into<String>,
        endpoint: impl Into<String>,
        access_key_id: impl Into<SecretString>,
        secret_access_key: impl Into<SecretString>,
    ) -> Self {
        let credentials = Credentials::access_key(access_key_id, secret_access_key);
        Self::bucket(Cloud::Oss, bucket, credentials).endpoint(endpoint)
    }

    /// A Microsoft Azure container, with an application that was registered for the platform; `resource_id` is the id of the storage
    /// account. Such volumes are read-only.
    ///
    /// ```
    /// # fn example(secret: String) {
    /// use sbg::volumes::Service;
    ///
    /// let resource = "/subscriptions/1b2c/resourceGroups/kings/providers/Microsoft.Storage/storageAccounts/patterns";
    /// let service = Service::azure("patterns", "photographs", resource, "kings-tenant", "sbg-client", secret);
    /// # }
    /// ```
    pub fn azure(
        storage_account: impl Into<String>,
        container: impl Into<String>,
        resource_id: impl Into<String>,
        tenant_id: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        let location = Location::Container {
            storage_account: storage_account.into(),
            container: container.into(),
            resource_id: resource_id.into(),
        };
        Self::new(Cloud::Azure, location, Credentials::application(tenant_id, client_id, client_secret))
    }

    fn bucket(cloud: Cloud, bucket: impl Into<String>, credentials: Credentials) -> Self {
        Self::new(cloud, Location::Bucket(bucket.into()), credentials)
    }

    fn new(cloud: Cloud, location: Location, credentials: Credentials) -> Self {
        Self { cloud, location, credentials, prefix: None, endpoint: None, root_url: None, properties: None }
    }

    /// Prefix that the platform puts before the location of every object, so that only part of the bucket is visible.
    ///
    /// ```
    /// # fn example(service: sbg::volumes::Service) {
    /// let service = service.prefix("photographs/1952");
    /// # }
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Host of the service, for S3, OSS and Azure. Default: the provider's usual host.
    ///
    /// ```
    /// # fn example(service: sbg::volumes::Service) {
    /// let service = service.endpoint("s3.eu-west-2.amazonaws.com");
    /// # }
    /// ```
    pub fn endpoint(mut self, host: impl Into<String>) -> Self {
        self.endpoint = Some(host.into());
        self
    }

    /// URL of the service, for Google. Default: `https://www.googleapis.com`.
    ///
    /// ```
    /// # fn example(service: sbg::volumes::Service) {
    /// let service = service.root_url("https://storage.googleapis.com");
    /// # }
    /// ```
    pub fn root_url(mut self, address: impl Into<String>) -> Self {
        self.root_url = Some(address.into());
        self
    }

    /// How S3 stores objects exported to the volume; an export can override it.
    ///
    /// ```
    /// # fn example(service: sbg::volumes::Service) {
    /// use sbg::volumes::S3Properties;
    ///
    /// let service = service.properties(S3Properties::new().storage_class("STANDARD_IA"));
    /// # }
    /// ```
    pub fn properties(mut self, properties: S3Properties) -> Self {
        self.properties = Some(properties);
        self
    }

    /// Whether the platform only reads the volume.
    pub(super) fn is_read_only(&self) -> bool {
        self.cloud == Cloud::Azure
    }

    /// The service as sent, with the secrets.
    pub(super) fn into_create(self) -> Result<types::VolumeServiceCreate> {
        let Self { cloud, location, credentials, prefix, endpoint, root_url, properties } = self;
        if cloud != Cloud::S3 && properties.is_some() {
            return Err(Error::invalid(format!("`properties` are for Amazon S3, not for {cloud}")));
        }
        if cloud != Cloud::Google && root_url.is_some() {
            return Err(Error::invalid(format!("{cloud} has an `endpoint` instead of a `root_url`")));
        }
        if cloud == Cloud::Google && endpoint.is_some() {
            return Err(Error::invalid(format!("{cloud} has a `root_url` instead of an `endpoint`")));
        }
        if let Some(endpoint) = &endpoint {
            filled("endpoint", endpoint)?;
        }
        let mut properties = properties.map(S3Properties::into_volume).transpose()?;
        let (mut bucket, mut storage_account, mut container) = (None, None, None);
        match location {
            Location::Bucket(name) => {
                filled("bucket", &name)?;
                bucket = Some(name);
            }
            Location::Container { storage_account: account, container: name, resource_id } => {
                filled("storage account", &account)?;
                filled("container", &name)?;
                filled("resource id", &resource_id)?;
                (storage_account, container) = (Some(account), Some(name));
                properties.get_or_insert_default().resource_id = Some(resource_id);
            }
        }
        Ok(types::VolumeServiceCreate {
            type_: cloud.name().to_owned(),
            bucket,
            container,
            credentials: Some(credentials.expose()?),
            endpoint,
            prefix,
            properties,
            root_url,
            storage_account,
        })
    }
}

/// New credentials for a volume, for [`VolumeHandle::edit`](super::VolumeHandle::edit).
///
/// ```no_run
/// # async fn example(client: sbg::Client, secret: String) -> sbg::Result<()> {
/// use sbg::volumes::Credentials;
///
/// let volume = client.volume("rfranklin/patterns");
/// volume.edit().credentials(Credentials::access_key("AKIAIOSFODNN7EXAMPLE", secret)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Credentials(Kind);

#[derive(Clone, Debug)]
enum Kind {
    AccessKey { id: SecretString, secret: SecretString },
    Role { arn: String, external_id: SecretString },
    ServiceAccount { email: String, private_key: SecretString },
    Federation { configuration: SecretString },
    Application { tenant_id: String, client_id: String, secret: SecretString },
    ClientSecret(SecretString),
}

impl Credentials {
    /// For S3 and OSS: an access key.
    ///
    /// ```
    /// use sbg::volumes::Credentials;
    ///
    /// let key = Credentials::access_key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI");
    /// assert!(!format!("{key:?}").contains("wJalrXUtnFEMI"));
    /// ```
    pub fn access_key(id: impl Into<SecretString>, secret: impl Into<SecretString>) -> Self {
        Self(Kind::AccessKey { id: id.into(), secret: secret.into() })
    }

    /// For S3: the ARN of a role that the platform assumes, and the external id in the role's trust policy.
    ///
    /// ```
    /// # fn example(external_id: String) {
    /// use sbg::volumes::Credentials;
    ///
    /// let credentials = Credentials::role("arn:aws:iam::123456789012:role/patterns", external_id);
    /// # }
    /// ```
    pub fn role(arn: impl Into<String>, external_id: impl Into<SecretString>) -> Self {
        Self(Kind::Role { arn: arn.into(), external_id: external_id.into() })
    }

    /// For Google: the e-mail address of a service account, and its private key in PEM.
    ///
    /// ```
    /// # fn example(private_key: String) {
    /// use sbg::volumes::Credentials;
    ///
    /// let account = "patterns@kings-college.iam.gserviceaccount.com";
    /// let credentials = Credentials::service_account(account, private_key);
    /// # }
    /// ```
    pub fn service_account(email: impl Into<String>, private_key: impl Into<SecretString>) -> Self {
        Self(Kind::ServiceAccount { email: email.into(), private_key: private_key.into() })
    }

    /// For Google: the identity federation configuration, as the text of a JSON file.
    ///
    /// ```
    /// # fn example() {
    /// let configuration = std::fs::read_to_string("clientLibraryConfig-patterns.json").unwrap();
    /// let credentials = sbg::volumes::Credentials::federation(configuration);
    /// # }
    /// ```
    pub fn federation(configuration: impl Into<SecretString>) -> Self {
        Self(Kind::Federation { configuration: configuration.into() })
    }

    /// For Azure: an application of a directory (tenant).
    ///
    /// ```
    /// # fn example(secret: String) {
    /// let credentials = sbg::volumes::Credentials::application("kings-tenant", "sbg-client", secret);
    /// # }
    /// ```
    pub fn application(
        tenant_id: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<SecretString>,
    ) -> Self {
        Self(Kind::Application {
            tenant_id: tenant_id.into(),
            client_id: client_id.into(),
            secret: secret.into(),
        })
    }

    /// For Azure: a new secret of the current application.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle, secret: String) {
    /// use sbg::volumes::Credentials;
    ///
    /// let edit = volume.edit().credentials(Credentials::client_secret(secret));
    /// # }
    /// ```
    pub fn client_secret(secret: impl Into<SecretString>) -> Self {
        Self(Kind::ClientSecret(secret.into()))
    }

    /// The credentials as sent.
    pub(super) fn expose(&self) -> Result<types::VolumeCredentialsSet> {
        let plain = |what: &str, text: &str| filled(what, text).map(|()| Some(text.to_owned()));
        let hidden = |what: &str, text: &SecretString| {
            let text = text.expose_secret();
            filled(what, text).map(|()| Some(Secret::from(text)))
        };
        let mut set = types::VolumeCredentialsSet::default();
        match &self.0 {
            Kind::AccessKey { id, secret } => {
                set.access_key_id = hidden("access key id", id)?;
                set.secret_access_key = hidden("secret access key", secret)?;
            }
            Kind::Role { arn, external_id } => {
                set.role_arn = plain("role ARN", arn)?;
                set.external_id = hidden("external id", external_id)?;
            }
            Kind::ServiceAccount { email, private_key } => {
                set.client_email = plain("e-mail address of the service account", email)?;
                set.private_key = hidden("private key", private_key)?;
            }
            Kind::Federation { configuration } => {
                let text = configuration.expose_secret();
                // The error does not quote the text, which could be a secret.
                if serde_json::from_str::<Map<String, Value>>(text).is_err() {
                    return Err(Error::invalid(
                        "the configuration of the identity federation must be the text of a JSON object",
                    ));
                }
                set.configuration = Some(Value::from(text).into());
            }
            Kind::Application { tenant_id, client_id, secret } => {
                set.tenant_id = plain("tenant id", tenant_id)?;
                set.client_id = plain("client id", client_id)?;
                set.client_secret = hidden("client secret", secret)?;
            }
            Kind::ClientSecret(secret) => set.client_secret = hidden("client secret", secret)?,
        }
        Ok(set)
    }
}

fn filled(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() { Err(Error::invalid(format!("the {what} is empty"))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(service: Service, expected: Result<Value, &str>) {
        let shown = format!("{service:?}");
        let got = service.into_create().map(|service| serde_json::to_value(service).unwrap());
        assert_eq!(got.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn services_send_credentials_but_hide_them() {
        check(
            Service::s3("b", "hush-id", "hush")
                .prefix("in")
                .properties(S3Properties::new().sse_kms().kms_key("k")),
            Ok(json!({
                "type": "s3", "bucket": "b", "prefix": "in",
                "credentials": {"access_key_id": "hush-id", "secret_access_key": "hush"},
                "properties": {"sse_algorithm": "aws:kms", "sse_aws_kms_key_id": "k"},
            })),
        );
        check(
            Service::s3_role("b", "arn:aws:iam::1:role/r", "hush").endpoint("s3.example.com"),
            Ok(json!({
                "type": "s3", "bucket": "b", "endpoint": "s3.example.com",
                "credentials": {"role_arn": "arn:aws:iam::1:role/r", "external_id": "hush"},
            })),
        );
        check(
            Service::google("b", "a@b", "hush").root_url("https://storage.example.com"),
            Ok(json!({
                "type": "gcs", "bucket": "b", "root_url": "https://storage.example.com",
                "credentials": {"client_email": "a@b", "private_key": "hush"},
            })),
        );
        let configuration = r#"{"type": "external_account", "hush": 1}"#;
        check(
            Service::google_iam("b", configuration),
            Ok(json!({"type": "gcs", "bucket": "b", "credentials": {"configuration": configuration}})),
        );
        check(
            Service::oss("b", "oss.example.com", "hush-id", "hush"),
            Ok(json!({
                "type": "OSS", "bucket": "b", "endpoint": "oss.example.com",
                "credentials": {"access_key_id": "hush-id", "secret_access_key": "hush"},
            })),
        );
        check(
            Service::azure("a", "c", "r", "t", "i", "hush"),
            Ok(json!({
                "type": "azure", "storage_account": "a", "container": "c",
                "credentials": {"tenant_id": "t", "client_id": "i", "client_secret": "hush"},
                "properties": {"resource_id": "r"},
            })),
        );
    }

    #[test]
    fn invalid_service_is_rejected() {
        check(Service::s3(" ", "hush-id", "hush"), Err("the bucket is empty"));
        check(Service::s3("b", "hush-id", ""), Err("the secret access key is empty"));
        check(Service::oss("b", "", "hush-id", "hush"), Err("the endpoint is empty"));
        check(
            Service::google_iam("b", "hush"),
            Err("the configuration of the identity federation must be the text of a JSON object"),
        );
        check(
            Service::google("b", "a@b", "hush").endpoint("e"),
            Err("Google Cloud Storage has a `root_url` instead of an `endpoint`"),
        );
        check(
            Service::s3("b", "hush-id", "hush").root_url("e"),
            Err("Amazon S3 has an `endpoint` instead of a `root_url`"),
        );
        check(
            Service::google("b", "a@b", "hush").properties(S3Properties::new().sse_s3()),
            Err("`properties` are for Amazon S3, not for Google Cloud Storage"),
        );
        check(
            Service::s3("b", "hush-id", "hush").properties(S3Properties::new().sse_s3().kms_key("k")),
            Err("a KMS key needs `sse_kms()`: set both"),
        );
    }
}
