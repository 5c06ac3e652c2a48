//! The stores: a server with a configuration, and its capabilities.

use super::servers::Server;

/// A server with one of its configurations.
pub struct Store {
    pub name: &'static str,
    pub server: Server,
    /// Settings of the gateway: the path before an object and the extension of its name.
    pub prefix: &'static str,
    pub ending: &'static str,
    /// Whether a download can resume: ranges work and versions can be told apart.
    pub resumes: bool,
    /// Whether expired URLs are refused.
    pub expires: bool,
    pub uploads: Uploads,
}

/// How a server stores the parts of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploads {
    /// No uploads: only downloads differ from another store of the same server.
    Not,
    /// The gateway tracks which parts belong together.
    Parts,
    /// The server tracks uploads and can drop them.
    Multipart,
}

impl Store {
    /// A server with a common configuration.
    const fn plain(name: &'static str, server: Server) -> Self {
        Self {
            name,
            server,
            prefix: "objects",
            ending: ".bin",
            resumes: true,
            expires: true,
            uploads: Uploads::Parts,
        }
    }

    /// A variant of a web server that differs only in responses to GET.
    const fn variant(name: &'static str, server: Server) -> Self {
        Self { resumes: false, uploads: Uploads::Not, ..Self::plain(name, server) }
    }
}

pub const STORES: [Store; 9] = [
    // moto checks neither signatures nor expiry.
    Store { expires: false, uploads: Uploads::Multipart, ..Store::plain("moto", Server::Moto) },
    // s3rver cannot abort an upload.
    Store::plain("s3rver", Server::S3rver),
    Store::plain("Azurite", Server::Azurite),
    Store::plain("nginx", Server::Nginx),
    Store { prefix: "without-ranges", ..Store::variant("nginx without ranges", Server::Nginx) },
    Store { prefix: "without-validators", ..Store::variant("nginx without validators", Server::Nginx) },
    Store::plain("Apache", Server::Apache),
    // Built without the module that checks signatures.
    Store { expires: false, ..Store::plain("lighttpd", Server::Lighttpd) },
    Store {
        expires: false,
        ending: ".unknown",
        ..Store::variant("lighttpd without validators", Server::Lighttpd)
    },
];
