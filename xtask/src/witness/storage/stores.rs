//! The stores: what a server is set up as, and what it can do.

use super::servers::Server;

/// A server in one of its guises.
pub struct Store {
    pub name: &'static str,
    pub server: Server,
    /// The settings for the gateway: what comes in the path before an object, and how its name ends.
    pub prefix: &'static str,
    pub ending: &'static str,
    /// Whether ranges are honoured, and two versions of an object can be told apart. Only then can a download resume.
    pub resumes: bool,
    /// Whether expired URLs are refused.
    pub expires: bool,
    pub uploads: Uploads,
}

/// How a server takes the parts of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploads {
    /// Only downloads differ from another store of the same server.
    Not,
    /// It has parts, and the gateway knows what they belong to.
    Parts,
    /// It knows uploads itself, and so can forget them.
    Multipart,
}

impl Store {
    /// The server as most people set it up.
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

    /// A variant of a web server, which differs only in what it responds to a GET.
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
    // It is built without a module that checks signatures.
    Store { expires: false, ..Store::plain("lighttpd", Server::Lighttpd) },
    Store {
        expires: false,
        ending: ".unknown",
        ..Store::variant("lighttpd without validators", Server::Lighttpd)
    },
];
