//! Every permission of the program, as a type and as a code.

use crate::fault::Text;

/// A permission as a type: a grant of it is proof that the caller holds it.
pub trait Permission: Send + Sync + 'static {
    /// `capability:verb`, never changed once published: roles and API clients store it.
    const CODE: &'static str;
}

/// A permission as roles list it.
#[derive(Debug)]
pub struct PermissionInfo {
    pub code: &'static str,
    pub label: Text,
}

macro_rules! permissions {
    ($( $name:ident = $code:literal { $zh:literal, $en:literal } )+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $en)]
            #[derive(Debug)]
            pub enum $name {}
            impl Permission for $name {
                const CODE: &'static str = $code;
            }
        )+

        /// Every permission, in the order in which a role editor shows them.
        pub static PERMISSIONS: &[PermissionInfo] = &[
            $(PermissionInfo { code: $code, label: Text { zh: $zh, en: $en } }),+
        ];
    };
}

permissions! {
    Oneself = "self" { "本人账户", "One's own account" }
    CustomersRead = "customers:read" { "查看客户", "See customers" }
    CustomersWrite = "customers:write" { "新建和修改客户", "Create and change customers" }
    CustomersDelete = "customers:delete" { "删除和恢复客户", "Delete and restore customers" }
    CustomersAssign = "customers:assign" { "分配和转移客户", "Assign and transfer customers" }
}
