//! The departments that every institution has from the start.

use crate::fault::Text;

/// A department (部门), or a unit of the department listed before it.
#[derive(Debug)]
pub struct BuiltInDepartment {
    pub code: &'static str,
    pub name: Text,
    pub is_unit: bool,
}

macro_rules! departments {
    ($( $code:literal { $zh:literal, $en:literal } $( / $( $unit:literal { $uzh:literal, $uen:literal } )+ )? ; )+) => {
        /// The ten departments of ORG-04, the last with its five units (ORG-05).
        pub static DEPARTMENTS: &[BuiltInDepartment] = &[
            $(
                BuiltInDepartment { code: $code, name: Text { zh: $zh, en: $en }, is_unit: false },
                $( $( BuiltInDepartment { code: $unit, name: Text { zh: $uzh, en: $uen }, is_unit: true }, )+ )?
            )+
        ];
    };
}

departments! {
    "training_centre" { "培训中心", "Training centre" };
    "hr_administration" { "人事行政部", "HR and administration" };
    "marketing_centre" { "营销中心", "Marketing centre" };
    "data_management" { "数据管理部门", "Data management" };
    "sales" { "业务部门", "Sales" };
    "marketing" { "市场部门", "Marketing" };
    "customer_service" { "客服部门", "Customer service" };
    "audit" { "审计部门", "Audit" };
    "customer_relations" { "客户关系管理部门", "Customer relations" };
    "customer_operations" { "客户经营部", "Customer operations" } /
        "information_management" { "信息管理", "Information management" }
        "marketing_analysis" { "营销分析", "Marketing analysis" }
        "marketing_planning" { "营销策划", "Marketing planning" }
        "customer_interaction" { "客户互动管理", "Customer interaction" }
        "sales_channels" { "销售渠道管理", "Sales channels" };
}
