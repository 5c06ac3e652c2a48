//! Types that only responses use. Only the platform creates them, so they need no builders and may get more fields.

use syn::{File, ImplItem, Item, ItemMod, Token, Type, parse_quote};

/// Removes the builders of types for which `only_responses` is true, and makes the types non-exhaustive: a new field in a response must not
/// break callers.
pub fn prune(file: &mut File, only_responses: impl Fn(&str) -> bool) {
    let Some(types) = module(&mut file.items, "types") else { return };
    for item in types.iter_mut() {
        if let Item::Struct(item) = item
            && only_responses(&item.ident.to_string())
        {
            item.attrs.push(parse_quote!(#[non_exhaustive]));
        }
    }
    types.retain_mut(|item| match item {
        Item::Impl(block)
            if block.trait_.is_none() && named(&block.self_ty).is_some_and(|name| only_responses(&name)) =>
        {
            block
                .items
                .retain(|item| !matches!(item, ImplItem::Fn(function) if function.sig.ident == "builder"));
            !block.items.is_empty()
        }
        _ => true,
    });
    if let Some(builders) = module(types, "builder") {
        builders.retain(|item| match item {
            Item::Struct(builder) => !only_responses(&builder.ident.to_string()),
            Item::Impl(block) => !named(&block.self_ty).is_some_and(|name| only_responses(&name)),
            _ => true,
        });
    }
}

/// The content of the module `name` among `items`.
pub(crate) fn module<'f>(items: &'f mut [Item], name: &str) -> Option<&'f mut Vec<Item>> {
    items.iter_mut().find_map(|item| match item {
        Item::Mod(ItemMod { ident, content: Some((_, items)), .. }) if ident == name => Some(items),
        _ => None,
    })
}

/// The name of a type of the client, for `Pear` and for `super::Pear`.
pub(crate) fn named(self_type: &Type) -> Option<String> {
    let Type::Path(path) = self_type else { return None };
    let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match &segments[..] {
        [name] => Some(name.clone()),
        [up, name] if up == "super" => Some(name.clone()),
        _ => None,
    }
}

/// Moves the content of the module `name` out of the generated client, into a separate file.
pub fn split(file: &mut File, name: &str) -> Option<File> {
    file.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => {
            let (_, items) = module.content.take()?;
            module.semi = Some(<Token![;]>::default());
            Some(File { shebang: None, frontmatter: None, attrs: Vec::new(), items })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "
        pub mod types {
            pub struct Pear { pub id: String }
            impl Pear { pub fn builder() -> builder::Pear { Default::default() } }
            pub struct PearPlant { pub name: String }
            impl PearPlant { pub fn builder() -> builder::PearPlant { Default::default() } }
            impl std::ops::Deref for Pear { }
            pub mod builder {
                pub struct Pear { id: Result<String, String> }
                impl Default for Pear { }
                impl Pear { pub fn id<T>(mut self, value: T) -> Self { self } }
                impl TryFrom<Pear> for super::Pear { }
                impl From<super::Pear> for Pear { }
                pub struct PearPlant { name: Result<String, String> }
                impl TryFrom<PearPlant> for super::PearPlant { }
            }
        }
        pub struct Client;
    ";

    #[test]
    fn response_types_lose_builders() {
        let mut file = syn::parse_str(CLIENT).unwrap();
        prune(&mut file, |name| name == "Pear");
        let expected = "
            pub mod types {
                #[non_exhaustive]
                pub struct Pear { pub id: String }
                pub struct PearPlant { pub name: String }
                impl PearPlant { pub fn builder() -> builder::PearPlant { Default::default() } }
                impl std::ops::Deref for Pear { }
                pub mod builder {
                    pub struct PearPlant { name: Result<String, String> }
                    impl TryFrom<PearPlant> for super::PearPlant { }
                }
            }
            pub struct Client;
        ";
        assert_eq!(prettyplease::unparse(&file), prettyplease::unparse(&syn::parse_str(expected).unwrap()));
    }

    #[test]
    fn module_becomes_a_file() {
        let mut file = syn::parse_str("/// Types.\npub mod types { pub struct Pear; }").unwrap();
        let types = split(&mut file, "types").unwrap();
        assert_eq!(prettyplease::unparse(&types), "pub struct Pear;\n");
        assert_eq!(prettyplease::unparse(&file), "/// Types.\npub mod types;\n");
        assert!(split(&mut file, "types").is_none());
    }
}
