//! The five services, by name.

use anyhow::bail;
use runtime::ModuleSpec;

/// All of them.
pub fn all() -> Vec<ModuleSpec> {
    vec![
        qinqing_identity::spec(),
        qinqing_registry::spec(),
        qinqing_workflow::spec(),
        qinqing_notification::spec(),
        qinqing_scoring::spec(),
    ]
}

/// Those named; each once.
pub fn named(names: &[String]) -> anyhow::Result<Vec<ModuleSpec>> {
    let mut modules = Vec::new();
    for module in all() {
        if names.iter().any(|name| name == module.name) {
            modules.push(module);
        }
    }
    if let Some(unknown) =
        names.iter().find(|name| !modules.iter().any(|module| module.name == name.as_str()))
    {
        bail!("there is no service {unknown:?}; there are: {}", runtime::SERVICES.join(", "));
    }
    Ok(modules)
}
