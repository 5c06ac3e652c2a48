//! Makes the generated client read responses through a hook of `sbg_raw`, which knows the call when a response cannot be decoded; the code
//! of progenitor only knows the body.

use syn::visit_mut::{VisitMut, visit_expr_call_mut};
use syn::{Expr, ExprCall, File, parse_quote};

/// Replaces every call of `ResponseValue::from_response` by the hook.
pub fn by_hook(file: &mut File) {
    Reads.visit_file_mut(file);
}

struct Reads;

impl VisitMut for Reads {
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        if let Expr::Path(function) = &*call.func
            && function
                .path
                .segments
                .iter()
                .map(|segment| &segment.ident)
                .eq(["ResponseValue", "from_response"])
        {
            *call.func = parse_quote!(crate::hooks::read);
            call.args.insert(0, parse_quote!(client));
            call.args.push(parse_quote!(&info));
        }
        visit_expr_call_mut(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_read_by_the_hook() {
        let mut file: File = parse_quote! {
            async fn send() -> Result {
                match status {
                    200 => ResponseValue::from_response(response).await,
                    201 => Ok(ResponseValue::empty(response)),
                    _ => Err(Error::ErrorResponse(ResponseValue::from_response(response).await?)),
                }
            }
        };
        by_hook(&mut file);
        let expected: File = parse_quote! {
            async fn send() -> Result {
                match status {
                    200 => crate::hooks::read(client, response, &info).await,
                    201 => Ok(ResponseValue::empty(response)),
                    _ => Err(Error::ErrorResponse(crate::hooks::read(client, response, &info).await?)),
                }
            }
        };
        assert_eq!(prettyplease::unparse(&file), prettyplease::unparse(&expected));
    }
}
