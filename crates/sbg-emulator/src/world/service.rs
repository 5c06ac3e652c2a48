//! The cloud service behind a volume, as requests describe it and as responses show it: without secrets.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// The supported clouds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Cloud {
    S3,
    Gcs,
    Oss,
    Azure,
}

impl Cloud {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Oss => "OSS",
            Self::Azure => "azure",
        }
    }
}

/// A service with a valid description.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Service {
    pub(crate) cloud: Cloud,
    pub(crate) bucket: String,
    /// Without a slash at its end.
    pub(crate) prefix: String,
    /// The description as it was sent, with its secrets: edits are merged into it.
    given: Map<String, Value>,
    pub(crate) properties: Map<String, Value>,
}

/// Credentials that are never shown.
const SECRETS: [&str; 5] =
    ["secret_access_key", "external_id", "private_key", "configuration", "client_secret"];

/// The canned ACLs of S3.
const ACLS: [&str; 8] = [
    "private",
    "public-read",
    "public-read-write",
    "aws-exec-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
    "log-delivery-write",
];

const STORAGE_CLASSES: [&str; 7] = [
    "STANDARD",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "REDUCED_REDUNDANCY",
];

impl Service {
    /// Reads the `service` of a request.
    pub(crate) fn parse(given: Option<JsonObject<'_>>) -> Outcome<Self> {
        Self::check(given.ok_or(ApiError::new(9016))?.map().clone())
    }

    /// The service after an edit.
    pub(crate) fn edited(&self, changes: JsonObject<'_>) -> Outcome<Self> {
        let mut given = self.given.clone();
        for (key, value) in changes.map().iter().filter(|(_, value)| !value.is_null()) {
            match (given.get_mut(key), value) {
                (Some(Value::Object(present)), Value::Object(value)) => present.extend(value.clone()),
                _ => {
                    given.insert(key.clone(), value.clone());
                }
            }
        }
        Self::check(given)
    }

    fn check(mut given: Map<String, Value>) -> Outcome<Self> {
        given.retain(|_, value| !value.is_null());
        let value = Value::Object(given.clone());
        let fields = JsonObject::of(&value).ok_or(ApiError::new(9016))?;
        let invalid = |reason: &str| ApiError::new(9017).detail(reason);
        let needed = |name: &str| {
            let text = fields.text(name).map_err(|_| invalid(&format!("`{name}` must be a string.")))?;
            text.filter(|text| !text.trim().is_empty())
                .ok_or_else(|| invalid(&format!("`{name}` is required.")))
        };
        let cloud = match needed("type")?.to_ascii_lowercase().as_str() {
            "s3" => Cloud::S3,
            "gcs" => Cloud::Gcs,
            "oss" => Cloud::Oss,
            "azure" => Cloud::Azure,
            _ => return Err(invalid("`type` must be s3, gcs, oss or azure.")),
        };
        let bucket = match cloud {
            Cloud::Azure => {
                needed("storage_account")?;
                needed("container")?
            }
            Cloud::Oss => {
                needed("endpoint")?;
                needed("bucket")?
            }
            _ => needed("bucket")?,
        };
        // A name for tests of a missing bucket.
        if bucket.starts_with("no-such-bucket") {
            return Err(ApiError::new(9200));
        }
        let prefix = fields.text("prefix").map_err(|_| invalid("`prefix` must be a string."))?;
        let credentials =
            fields.object("credentials").map_err(|_| invalid("`credentials` must be an object."))?;
        check_credentials(cloud, credentials)?;
        let properties =
            fields.object("properties").map_err(|_| invalid("`properties` must be an object."))?;
        let properties = checked_properties(properties.map(JsonObject::map))?;
        if cloud == Cloud::Azure && !properties.get("resource_id").is_some_and(Value::is_string) {
            return Err(invalid("`properties.resource_id` is required."));
        }
        Ok(Self {
            cloud,
            bucket: bucket.to_owned(),
            prefix: prefix.unwrap_or_default().trim_matches('/').to_owned(),
            given,
            properties,
        })
    }

    /// The key of a location, with the prefix of the volume.
    pub(crate) fn key(&self, location: &str) -> String {
        if self.prefix.is_empty() { location.to_owned() } else { format!("{}/{location}", self.prefix) }
    }

    /// The location of a key.
    pub(crate) fn location<'a>(&self, key: &'a str) -> &'a str {
        let rest = key.strip_prefix(self.prefix.as_str()).unwrap_or(key);
        rest.strip_prefix('/').unwrap_or(rest)
    }

    /// The service as responses show it.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = json!({ "type": self.cloud.name(), "bucket": self.bucket, "prefix": self.prefix });
        let (host, default) = match self.cloud {
            Cloud::S3 => ("endpoint", "s3.amazonaws.com"),
            Cloud::Gcs => ("root_url", "https://www.googleapis.com"),
            Cloud::Oss | Cloud::Azure => ("endpoint", ""),
        };
        shown[host] = self.given.get(host).cloned().unwrap_or_else(|| default.into());
        for key in ["storage_account", "container"] {
            if let (Cloud::Azure, Some(value)) = (self.cloud, self.given.get(key)) {
                shown[key] = value.clone();
            }
        }
        let credentials = self.given.get("credentials").and_then(Value::as_object);
        let public: Map<String, Value> = credentials
            .into_iter()
            .flatten()
            .filter(|(key, value)| !SECRETS.contains(&key.as_str()) && value.is_string())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        shown["credentials"] = public.into();
        let mut properties = match self.cloud {
            Cloud::S3 => json!({ "sse_algorithm": "AES256", "aws_canned_acl": null }),
            _ => json!({}),
        };
        for (key, value) in &self.properties {
            properties[key] = value.clone();
        }
        shown["properties"] = properties;
        shown
    }
}

fn check_credentials(cloud: Cloud, credentials: Option<JsonObject<'_>>) -> Outcome<()> {
    let has = |name: &str| {
        let value = credentials.and_then(|credentials| credentials.value(name));
        value.and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    match cloud {
        Cloud::S3 if all(&["access_key_id", "secret_access_key"]) || all(&["role_arn", "external_id"]) => {
            Ok(())
        }
        Cloud::S3 => Err(ApiError::new(9034)),
        Cloud::Oss if all(&["access_key_id", "secret_access_key"]) => Ok(()),
        Cloud::Oss => {
            Err(ApiError::new(9017).detail("`access_key_id` and `secret_access_key` are required."))
        }
        Cloud::Azure if all(&["tenant_id", "client_id", "client_secret"]) => Ok(()),
        Cloud::Azure => Err(ApiError::new(9031)),
        Cloud::Gcs => match credentials.and_then(|credentials| credentials.value("configuration")) {
            Some(Value::Object(_)) => Ok(()),
            Some(Value::String(text)) if serde_json::from_str::<Map<String, Value>>(text).is_ok() => Ok(()),
            Some(_) => Err(ApiError::new(9028)),
            None if has("client_email") && has("private_key") => Ok(()),
            None if has("client_email") => Err(ApiError::new(9025)),
            None => Err(ApiError::new(9029)),
        },
    }
}

/// The properties of a service or an export, with values that S3 knows.
pub(crate) fn checked_properties(given: Option<&Map<String, Value>>) -> Outcome<Map<String, Value>> {
    let Some(given) = given else { return Ok(Map::new()) };
    let known = |key: &str, values: &[&str]| match given.get(key) {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(|value| values.contains(&value)),
    };
    if !known("sse_algorithm", &["AES256", "aws:kms"]) {
        return Err(ApiError::new(9023));
    }
    if !known("aws_canned_acl", &ACLS) {
        return Err(ApiError::new(9022));
    }
    if !known("aws_storage_class", &STORAGE_CLASSES) {
        return Err(ApiError::new(9024));
    }
    Ok(given.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(service: &Value) -> Result<Value, u32> {
        Service::parse(JsonObject::of(service)).map(|service| service.shown()).map_err(|error| error.code)
    }

    #[test]
    fn services_of_every_cloud_hide_secrets() {
        let key = json!({"access_key_id": "AK", "secret_access_key": "secret"});
        let role = json!({"role_arn": "arn:aws:iam::1:role/r", "external_id": "secret"});
        let google = json!({"client_email": "a@b", "private_key": "secret"});
        let federation = json!({"configuration": "{\"secret\": 1}"});
        let azure = json!({"tenant_id": "t", "client_id": "c", "client_secret": "secret"});
        for service in [
            json!({"type": "S3", "bucket": "b", "credentials": key}),
            json!({"type": "s3", "bucket": "b", "credentials": role}),
            json!({"type": "gcs", "bucket": "b", "credentials": google}),
            json!({"type": "GCS", "bucket": "b", "credentials": federation}),
            json!({"type": "OSS", "bucket": "b", "endpoint": "e", "credentials": key}),
            json!({"type": "azure", "storage_account": "a", "container": "c", "credentials": azure,
                "properties": {"resource_id": "r"}}),
        ] {
            let shown = parse(&service).unwrap_or_else(|code| panic!("{code}: {service}"));
            assert!(!shown.to_string().contains("secret"), "{shown}");
        }
    }

    #[test]
    fn invalid_service_has_its_error_code() {
        let key = json!({"access_key_id": "AK", "secret_access_key": "s"});
        let check = |service: Value, code: u32| assert_eq!(parse(&service), Err(code), "{service}");
        check(json!({}), 9017);
        check(json!({"type": "ftp", "bucket": "b"}), 9017);
        check(json!({"type": "s3", "credentials": key}), 9017);
        check(json!({"type": "s3", "bucket": 3, "credentials": key}), 9017);
        check(json!({"type": "s3", "bucket": "b", "credentials": {"access_key_id": "AK"}}), 9034);
        check(json!({"type": "gcs", "bucket": "b", "credentials": {"client_email": "x"}}), 9025);
        check(json!({"type": "gcs", "bucket": "b"}), 9029);
        check(json!({"type": "gcs", "bucket": "b", "credentials": {"configuration": "x"}}), 9028);
        check(json!({"type": "oss", "bucket": "b", "credentials": key}), 9017);
        check(json!({"type": "azure", "storage_account": "a", "container": "c"}), 9031);
        check(json!({"type": "s3", "bucket": "no-such-bucket", "credentials": key}), 9200);
        let with = |properties: Value| json!({"type": "s3", "bucket": "b", "credentials": key, "properties": properties});
        check(with(json!({"sse_algorithm": "rot13"})), 9023);
        check(with(json!({"aws_canned_acl": "mine"})), 9022);
        check(with(json!({"aws_storage_class": 1})), 9024);
        assert_eq!(Service::parse(None).unwrap_err().code, 9016);
    }

    #[test]
    fn service_edit_keeps_unset_fields() {
        let service = json!({"type": "s3", "bucket": "b", "credentials": {"access_key_id": "A", "secret_access_key": "s"}});
        let service = Service::parse(JsonObject::of(&service)).unwrap();
        let edit = json!({"bucket": "c", "prefix": "/in/", "credentials": {"access_key_id": "B"}});
        let edited = service.edited(JsonObject::of(&edit).unwrap()).unwrap();
        assert_eq!(
            (edited.bucket.as_str(), edited.key("x"), edited.location("in/x")),
            ("c", "in/x".to_owned(), "x")
        );
        assert_eq!(edited.shown()["credentials"], json!({"access_key_id": "B"}));
    }
}
