use crate::rules;

rules! {
    FILE_TYPE_REFUSED = Invalid "file_type_refused" {
        "不支持该文件类型", "This type of file is not taken";
        "可上传 CSV 或纯文本、XLSX、PDF、PNG、JPEG、WebP；导入只接受 CSV 和 XLSX。类型由文件内容判断。",
        "Send CSV or plain text, XLSX, PDF, PNG, JPEG or WebP; imports take CSV and XLSX. The content decides." }
    TEMPORARY_FILES_FULL = Conflict "temporary_files_full" {
        "暂存的文件过多", "Too many temporary files";
        "每人最多暂存 {files} 个文件、{bytes} 字节，整个机构 {institution_bytes} 字节。附到客户上的文件不计；其余会自行过期：未使用的一天后，导入的名单七天后。",
        "One may have {files} files and {bytes} bytes waiting, an institution {institution_bytes} bytes. What belongs to a customer does not count; the rest goes by itself: unused files after a day, imported lists after seven." }
    FILE_INFECTED = Invalid "file_infected" {
        "文件含有病毒", "The file has a virus";
        "病毒扫描发现了问题，文件未被保存。", "The virus scan found one; nothing of the file is kept." }
    SCAN_UNAVAILABLE = Conflict "scan_unavailable" {
        "暂时无法查毒", "No virus scan at the moment";
        "文件未能扫描，因此未被保存。请在 Retry-After 之后重试。",
        "The file could not be scanned, so nothing of it is kept. Try again after Retry-After." }
    FILE_EMPTY = Invalid "file_empty" {
        "文件为空", "The file is empty";
        "请选择有内容的文件。", "Choose a file with something in it." }
}
