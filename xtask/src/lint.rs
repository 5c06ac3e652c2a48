//! placeholder
use crate::finding::Findings;
use crate::spec::Spec;
pub fn check(_spec: &Spec) -> Result<(), Findings> {
    Ok(())
}
pub fn run(root: &std::path::Path) -> anyhow::Result<()> {
    check(&Spec::read(&root.join("openapi"))?)?;
    Ok(())
}
