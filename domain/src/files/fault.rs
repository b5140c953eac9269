use crate::rules;

rules! {
    FILE_TYPE_REFUSED = Invalid "file_type_refused" {
        "不支持该文件类型", "This type of file is not taken";
        "可上传 CSV 或纯文本、XLSX、PDF、PNG、JPEG、WebP；导入只接受 CSV 和 XLSX。类型由文件内容判断。",
        "Send CSV or plain text, XLSX, PDF, PNG, JPEG or WebP; imports take CSV and XLSX. The content decides." }
    FILE_EMPTY = Invalid "file_empty" {
        "文件为空", "The file is empty";
        "请选择有内容的文件。", "Choose a file with something in it." }
}
