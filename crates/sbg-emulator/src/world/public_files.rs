//! The reference files in `admin/sbg-public-data`, which every user can read: real formats, a few lines long.

use jiff::Timestamp;
use serde_json::{Map, json};

use super::{
    World,
    files::FileNode,
    ids::PUBLIC_PROJECT,
    members::{Members, Shared},
    projects::Project,
};
use crate::objects::object::Object;

/// Name and content of each file.
const FILES: [(&str, &str); 3] = [
    (
        "phiX174.fasta",
        ">NC_001422.1 Escherichia phage phiX174\n\
         GAGTTTTATCGCTTCCATGACGCAGAAGTTAACACTTTCGGATATTTCTGATGAGTCGAAAAATTATCTT\n\
         GATAAAGCAGGAATTACTACTGCTTGTTTACGAATTAAATCGAAGTGGACTGCTGGCGGAAAATGAGAAA\n",
    ),
    ("phiX174.fasta.fai", "NC_001422.1\t140\t39\t70\t71\n"),
    ("phiX174.genes.bed", "NC_001422.1\t50\t133\tK\nNC_001422.1\t132\t140\tC\n"),
];

impl World {
    pub(super) fn seed_public_files(&mut self) {
        let now = self.clock.timestamp();
        let root_name = self.ids.uuid();
        let root = FileNode::folder(self.ids.file(), &root_name, PUBLIC_PROJECT, None, now);
        let root_id = root.id.clone();
        self.files.insert(root_id.clone(), root);
        self.projects.insert(PUBLIC_PROJECT.to_owned(), public_project(root_id.clone(), now));
        for (name, text) in FILES {
            let id = self.add_file(PUBLIC_PROJECT, &root_id, name, Object::new(vec![text.into()], now));
            if let Some(file) = self.files.get_mut(&id) {
                file.metadata.insert("reference_genome".to_owned(), json!("phiX174"));
            }
        }
    }
}

fn public_project(root_folder: String, now: Timestamp) -> Project {
    Project {
        id: PUBLIC_PROJECT.to_owned(),
        owner: "admin".to_owned(),
        name: "SBG Public data".to_owned(),
        description: "Public apps and reference files.".to_owned(),
        tags: Vec::new(),
        settings: Map::new(),
        root_folder,
        billing_group: String::new(),
        created: now,
        modified: now,
        members: Members::new(Shared::Project, "admin"),
    }
}
