//! Volumes: attached buckets, their objects and members.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    World,
    buckets::{Bucket, Entry},
    files::FileNode,
    members::{Member, Members, NewMember, Shared},
    permissions::{Need, Permissions},
    service::{Cloud, Service},
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// A volume.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Volume {
    /// `owner/name`
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) writable: bool,
    pub(crate) service: Service,
    pub(crate) active: bool,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) members: Members,
}

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    Object(Entry),
    /// A folder, as a location with a slash at its end.
    Folder(String),
}

impl Listed {
    /// The sort key of listings: a folder with its slash is where its objects would be.
    pub(crate) fn position(&self) -> &str {
        match self {
            Self::Object(entry) => &entry.key,
            Self::Folder(location) => location,
        }
    }
}

impl World {
    /// The visible volumes.
    pub(crate) fn list_volumes(&self, actor: &str) -> Vec<&Volume> {
        self.volumes.values().filter(|volume| self.granted(&volume.members, actor).is_some()).collect()
    }

    /// A volume for an action that needs a permission.
    pub(crate) fn volume(&self, actor: &str, id: &str, need: Need) -> Outcome<&Volume> {
        let volume = self.volumes.get(id).ok_or(ApiError::new(9007))?;
        let allowed = self.granted(&volume.members, actor).is_some_and(|permissions| permissions.allow(need));
        if allowed { Ok(volume) } else { Err(ApiError::new(9020)) }
    }

    /// A volume whose objects are read or written: it has to be active.
    pub(crate) fn active_volume(&self, actor: &str, id: &str, need: Need) -> Outcome<&Volume> {
        let volume = self.volume(actor, id, need)?;
        if volume.active { Ok(volume) } else { Err(ApiError::new(9069)) }
    }

    fn volume_mut(&mut self, actor: &str, id: &str) -> Outcome<&mut Volume> {
        self.volume(actor, id, Need::Admin)?;
        self.volumes.get_mut(id).ok_or(ApiError::new(9007))
    }

    /// Attaches a bucket and returns the id of the volume. A new bucket is empty.
    pub(crate) fn create_volume(&mut self, actor: &str, body: JsonObject<'_>) -> Outcome<String> {
        let name = body.text("name")?.filter(|name| !name.trim().is_empty()).ok_or(ApiError::new(9013))?;
        check_name(name)?;
        let service = Service::parse(body.object("service").map_err(|_| ApiError::new(9016))?)?;
        let writable = access_mode(body)?.unwrap_or(true);
        check_mode(&service, writable)?;
        let id = format!("{actor}/{name}");
        if self.volumes.contains_key(&id) {
            return Err(ApiError::new(9010));
        }
        let now = self.clock.timestamp();
        let volume = Volume {
            owner: actor.to_owned(),
            name: name.to_owned(),
            description: body.text("description")?.unwrap_or_default().to_owned(),
            writable,
            service,
            active: true,
            created: now,
            modified: now,
            members: Members::new(Shared::Volume, actor),
            id: id.clone(),
        };
        self.bucket_mut(&volume.service.bucket);
        self.volumes.insert(id.clone(), volume);
        Ok(id)
    }

    /// Changes a volume. Deactivating one with running jobs needs `force`, which ends them.
    pub(crate) fn edit_volume(
        &mut self,
        actor: &str,
        id: &str,
        body: JsonObject<'_>,
        force: bool,
    ) -> Outcome<()> {
        let present = self.volume(actor, id, Need::Admin)?;
        let description = body.clearable_text("description")?;
        let writable = access_mode(body)?.unwrap_or(present.writable);
        let changes = body.object("service").map_err(|_| ApiError::new(9017))?;
        let service = changes.map(|changes| present.service.edited(changes)).transpose()?;
        check_mode(service.as_ref().unwrap_or(&present.service), writable)?;
        let active = body.flag("active")?.unwrap_or(present.active);
        if present.active && !active {
            self.end_volume_jobs(id, force)?;
        }
        if let Some(service) = &service {
            self.bucket_mut(&service.bucket);
        }
        let now = self.clock.timestamp();
        let volume = self.volume_mut(actor, id)?;
        if let Some(description) = description {
            description.clone_into(&mut volume.description);
        }
        if let Some(service) = service {
            volume.service = service;
        }
        volume.writable = writable;
        volume.active = active;
        volume.modified = now;
        Ok(())
    }

    /// Detaches a bucket. The volume has to be inactive and without files on the platform.
    pub(crate) fn delete_volume(&mut self, actor: &str, id: &str) -> Outcome<()> {
        let refused = |reason: &str| ApiError::new(90007).detail(reason);
        if self.volume(actor, id, Need::Admin)?.active {
            return Err(refused("A volume has to be deactivated before it is deleted."));
        }
        let used = |file: &FileNode| file.alias.as_ref().is_some_and(|alias| alias.volume == id);
        if self.files.values().any(used) {
            return Err(refused("There are still files on the platform that were imported from the volume."));
        }
        self.volumes.remove(id);
        Ok(())
    }

    /// The bucket of this name; a new one is empty.
    pub(crate) fn bucket_mut(&mut self, name: &str) -> &mut Bucket {
        self.buckets.entry(name.to_owned()).or_insert_with(|| Bucket::Memory(BTreeMap::new()))
    }

    pub(crate) fn bucket(&self, volume: &Volume) -> Option<&Bucket> {
        self.buckets.get(&volume.service.bucket)
    }

    /// The entries of a folder of a volume, sorted by location.
    pub(crate) fn list_volume(&self, volume: &Volume, folder: &str) -> Vec<Listed> {
        let folder = folder.trim_matches('/');
        let mut prefix = volume.service.key(folder);
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        let entries = self.bucket(volume).map_or_else(Vec::new, |bucket| bucket.list(&prefix));
        let mut listed: Vec<Listed> = Vec::new();
        for entry in entries {
            let rest = &entry.key[prefix.len()..];
            let next = match rest.find('/') {
                Some(at) => {
                    Listed::Folder(volume.service.location(&entry.key[..=prefix.len() + at]).to_owned())
                }
                None => Listed::Object(Entry {
                    key: volume.service.location(&entry.key).to_owned(),
                    ..entry.clone()
                }),
            };
            if listed.last() != Some(&next) {
                listed.push(next);
            }
        }
        listed
    }

    /// One object of a volume, without its bytes.
    pub(crate) fn volume_object(&self, volume: &Volume, location: &str) -> Outcome<Entry> {
        if location.ends_with('/') {
            return Err(ApiError::new(9072));
        }
        let key = volume.service.key(location);
        let entries = self.bucket(volume).map_or_else(Vec::new, |bucket| bucket.list(&key));
        let entry = entries.into_iter().find(|entry| entry.key == key).ok_or(ApiError::new(9105))?;
        Ok(Entry { key: location.to_owned(), ..entry })
    }

    /// Whether the bytes of a file are available: those of an inactive volume are not.
    pub(crate) fn is_available(&self, file: &FileNode) -> bool {
        file.alias
            .as_ref()
            .is_none_or(|alias| self.volumes.get(&alias.volume).is_some_and(|volume| volume.active))
    }

    /// One member of a volume that the actor can see.
    pub(crate) fn volume_member(&self, actor: &str, id: &str, member: &str) -> Outcome<&Member> {
        self.volume(actor, id, Need::Read)?.members.get(member)
    }

    /// Adds a member and returns its id.
    pub(crate) fn add_volume_member(
        &mut self,
        actor: &str,
        id: &str,
        new: &NewMember<'_>,
        permissions: &Map<String, Value>,
    ) -> Outcome<String> {
        self.volume(actor, id, Need::Admin)?;
        let who = self.resolve(new)?;
        self.volume_mut(actor, id)?.members.add(who, permissions)
    }

    /// Removes a member other than the owner.
    pub(crate) fn remove_volume_member(&mut self, actor: &str, id: &str, member: &str) -> Outcome<()> {
        self.volume_mut(actor, id)?.members.remove(member)
    }

    /// Changes permissions, or replaces all of them.
    pub(crate) fn set_volume_permissions(
        &mut self,
        actor: &str,
        id: &str,
        member: &str,
        changes: &Map<String, Value>,
        replace: bool,
    ) -> Outcome<Permissions> {
        self.volume_mut(actor, id)?.members.set(member, changes, replace)
    }
}

fn access_mode(body: JsonObject<'_>) -> Outcome<Option<bool>> {
    match body.value("access_mode").map(Value::as_str) {
        None => Ok(None),
        Some(Some("RW")) => Ok(Some(true)),
        Some(Some("RO")) => Ok(Some(false)),
        Some(_) => Err(ApiError::new(9015)),
    }
}

fn check_mode(service: &Service, writable: bool) -> Outcome<()> {
    if service.cloud == Cloud::Azure && writable { Err(ApiError::new(9039)) } else { Ok(()) }
}

/// Letters and digits, with single underscores between them.
fn check_name(name: &str) -> Outcome<()> {
    let words =
        name.split('_').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if words && name.len() <= 32 { Ok(()) } else { Err(ApiError::new(9030)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_names_are_validated() {
        for name in ["a", "my_input_volume", "2024", "A1_b2"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["a__b", "_a", "a_", "a-b", "a b", "é", &"a".repeat(33)] {
            assert_eq!(check_name(name).unwrap_err().code, 9030, "{name}");
        }
    }
}
