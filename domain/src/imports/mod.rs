//! Lists of leads as schools really keep them (DATA-02…04), read as a careful clerk would.
//!
//! Columns are recognised by their headings, cells by what people write into them. A row is
//! refused only for what would make a wrong record: no name, or a telephone number, birth date or
//! e-mail address that can't be right. Other cells that can't be read are left out, and named. Tags
//! that are there are put on the customer, and its next follow-up is planned, where the importer may
//! do so by hand; what is left of these columns goes into the note, and is named, too.
//! Nothing is ever evaluated: `=1+1` is text.
//!
//! - [`header`]: which field a column holds
//! - [`cell`]: one value as people write it
//! - [`channels`]: the words for the source channels that an institution has
//! - [`lead`]: a whole row
//! - [`custom`]: columns of custom fields
//! - [`choice`]: what is done with rows whose customer is there, and by what that is known
//! - [`template`]: how lists of some form are read, under a name
//! - [`outcome`]: what becomes of an import and of each row
//! - [`undo`]: taking all of it back

pub mod cell;
pub mod channels;
pub mod choice;
pub mod custom;
pub mod header;
pub mod lead;
pub mod outcome;
pub mod template;
pub mod undo;
mod words;

/// Whether `text` is one of the words, which are parted by blanks.
fn is_among(words: &str, text: &str) -> bool {
    words.split(' ').any(|word| word == text)
}
