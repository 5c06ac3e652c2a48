//! Makes the generated client send requests and read responses through hooks of `sbg_raw`. The code of progenitor does both once more in
//! every operation, which is slow to compile, and it knows only the body of a response that cannot be decoded.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};

use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{
    Block, Expr, ExprMethodCall, Fields, File, FnArg, GenericArgument, ImplItemFn, ItemStruct, Lit, Local,
    Member, Pat, PathArguments, ReturnType, Stmt, Type, parse_quote,
};

/// The fields that hold the items of a page, as `sbg_raw` counts them.
const ITEMS: [&str; 3] = ["items", "prefixes", "result_set"];

/// Ends the method `send` of each builder after the request is built, with a call of the hook for what the operation returns.
pub fn by_hooks(file: &mut File) -> Result<()> {
    let mut pages = Pages::default();
    pages.visit_file_mut(file);
    let mut sends = Sends { pages: pages.0, failed: Ok(()) };
    sends.visit_file_mut(file);
    sends.failed
}

/// Names of the types that are pages: those that have a list of items.
#[derive(Default)]
struct Pages(BTreeSet<String>);

impl VisitMut for Pages {
    fn visit_item_struct_mut(&mut self, item: &mut ItemStruct) {
        if let Fields::Named(fields) = &item.fields
            && fields
                .named
                .iter()
                .filter_map(|field| field.ident.as_ref())
                .any(|name| ITEMS.iter().any(|item| name == item))
        {
            self.0.insert(item.ident.to_string());
        }
    }
}

struct Sends {
    pages: BTreeSet<String>,
    failed: Result<()>,
}

impl VisitMut for Sends {
    fn visit_impl_item_fn_mut(&mut self, method: &mut ImplItemFn) {
        let is_send = method.sig.ident == "send" && method.sig.asyncness.is_some();
        if !is_send || !matches!(method.sig.inputs.first(), Some(FnArg::Receiver(_))) || self.failed.is_err()
        {
            return;
        }
        self.failed = shorten(method, &self.pages);
    }
}

fn shorten(method: &mut ImplItemFn, pages: &BTreeSet<String>) -> Result<()> {
    let operation = operation(&method.block).context("progenitor generated an operation without id")?;
    let shortened = request(&mut method.block);
    shortened.with_context(|| format!("progenitor generated `{operation}` in an unknown form"))?;
    let end: Block = match returned(&method.sig.output)
        .with_context(|| format!("`{operation}` returns an unknown type"))?
    {
        Returned::Nothing => parse_quote!({ crate::hooks::confirm(client, request, #operation).await }),
        Returned::Named(name) if pages.contains(&name) => parse_quote!({
            let received = crate::hooks::receive(client, request, #operation).await?;
            crate::hooks::decode_page(client, received)
        }),
        Returned::Named(_) => parse_quote!({
            let received = crate::hooks::receive(client, request, #operation).await?;
            crate::hooks::decode(client, received)
        }),
    };
    method.block.stmts.extend(end.stmts);
    Ok(())
}

/// The id in `let info = OperationInfo { operation_id: ID };`.
fn operation(block: &Block) -> Option<String> {
    block.stmts.iter().find_map(|statement| {
        let Stmt::Local(local) = statement else { return None };
        let Expr::Struct(info) = &*local.init.as_ref()?.expr else { return None };
        let id = info
            .fields
            .iter()
            .find(|field| matches!(&field.member, Member::Named(name) if name == "operation_id"))?;
        let Expr::Lit(literal) = &id.expr else { return None };
        let Lit::Str(id) = &literal.lit else { return None };
        info.path.is_ident("OperationInfo").then(|| id.value())
    })
}

/// Drops what follows `let mut request = ...;`, and the header `api-version`, which the platform does not know.
fn request(block: &mut Block) -> Result<()> {
    let binds = |statement: &Stmt, name: &str| matches!(statement, Stmt::Local(local) if binds(local, name));
    let Some(last) = block.stmts.iter().position(|statement| binds(statement, "request")) else {
        bail!("no request");
    };
    block.stmts.truncate(last + 1);
    let headers = |statement: &Stmt| match statement {
        Stmt::Expr(Expr::MethodCall(call), _) => is_headers(&call.receiver),
        statement => binds(statement, "header_map"),
    };
    let count = block.stmts.len();
    block.stmts.retain(|statement| !headers(statement));
    // The map, and one header.
    if count - block.stmts.len() != 2 {
        bail!("a header beside `api-version`");
    }
    let Some(Stmt::Local(request)) = block.stmts.last_mut() else { bail!("no request") };
    request.attrs.clear();
    request.pat = parse_quote!(request);
    WithoutHeaders.visit_local_mut(request);
    Ok(())
}

fn binds(local: &Local, name: &str) -> bool {
    matches!(&local.pat, Pat::Ident(pattern) if pattern.ident == name)
}

fn is_headers(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("header_map"))
}

/// Removes `.headers(header_map)`.
struct WithoutHeaders;

impl VisitMut for WithoutHeaders {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::MethodCall(ExprMethodCall { receiver, method, args, .. }) = expression
            && method == "headers"
            && args.first().is_some_and(is_headers)
        {
            *expression = (**receiver).clone();
        }
        visit_expr_mut(self, expression);
    }
}

/// What an operation returns.
enum Returned {
    Nothing,
    Named(String),
}

/// `T` of `Result<ResponseValue<T>, _>`.
fn returned(output: &ReturnType) -> Option<Returned> {
    let ReturnType::Type(_, result) = output else { return None };
    match argument(argument(result)?)? {
        Type::Tuple(unit) if unit.elems.is_empty() => Some(Returned::Nothing),
        Type::Path(path) => Some(Returned::Named(path.path.segments.last()?.ident.to_string())),
        _ => None,
    }
}

/// The first generic argument of a type.
fn argument(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client with one operation that returns `output`, with `rest` after the request.
    fn client(output: &Type, request: &Block) -> File {
        let statements = &request.stmts;
        parse_quote! {
            struct PearPage {
                items: Vec<Pear>,
            }
            struct Pear {
                name: String,
            }
            impl Builder {
                async fn send(self) -> Result<ResponseValue<#output>, Error<types::Error>> {
                    let Self { client } = self;
                    #(#statements)*
                }
            }
        }
    }

    fn generated() -> Block {
        parse_quote!({
            let mut header_map = HeaderMap::with_capacity(1usize);
            header_map.append(HeaderName::from_static("api-version"), Client::api_version());
            #[allow(unused_mut)]
            let mut request = client.client.get(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "pear_list" };
            client.pre(&mut request, &info).await?;
            let response = client.exec(request, &info).await?;
            match response.status().as_u16() {
                200 => ResponseValue::from_response(response).await,
                _ => Err(Error::UnexpectedResponse(response)),
            }
        })
    }

    #[test]
    fn operations_end_in_the_hook_for_what_they_return() {
        let check = |output: Type, end: Block| {
            let mut file = client(&output, &generated());
            by_hooks(&mut file).unwrap();
            let mut expected: Block = parse_quote!({
                let request = client.client.get(url).build()?;
            });
            expected.stmts.extend(end.stmts);
            assert_eq!(prettyplease::unparse(&file), prettyplease::unparse(&client(&output, &expected)));
        };
        check(
            parse_quote!(types::Pear),
            parse_quote!({
                let received = crate::hooks::receive(client, request, "pear_list").await?;
                crate::hooks::decode(client, received)
            }),
        );
        check(
            parse_quote!(types::PearPage),
            parse_quote!({
                let received = crate::hooks::receive(client, request, "pear_list").await?;
                crate::hooks::decode_page(client, received)
            }),
        );
        check(parse_quote!(()), parse_quote!({ crate::hooks::confirm(client, request, "pear_list").await }));
    }

    #[test]
    fn header_that_would_be_lost_is_an_error() {
        let mut block = generated();
        block.stmts.insert(2, parse_quote!(header_map.append(HeaderName::from_static("range"), range);));
        let error = by_hooks(&mut client(&parse_quote!(types::Pear), &block)).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "progenitor generated `pear_list` in an unknown form: a header beside `api-version`"
        );
    }
}
