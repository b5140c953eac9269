//! Source channels as lists name them.

use std::collections::HashMap;

use super::{
    cell::{Unread, is_told},
    is_among,
    words::CHANNELS,
};
use crate::{customers::ChannelCode, text::fold};

/// The words for the channels that an institution has.
#[derive(Debug, Default)]
pub struct ChannelWords(HashMap<String, ChannelCode>);

impl ChannelWords {
    /// The words for channels of these codes and names: a name counts before a code.
    pub fn new(channels: Vec<(ChannelCode, String)>) -> Self {
        let mut words: HashMap<_, _> = channels
            .iter()
            .map(|(code, _)| (code.as_str().to_owned(), code.clone()))
            .collect();
        words.extend(channels.into_iter().map(|(code, name)| (fold(&name), code)));
        Self(words)
    }

    /// The channel that a cell names, by the institution's own words or, where it has the channel, by
    /// usual ones (CUST-27); `None` where nothing is told.
    ///
    /// # Errors
    /// Where it names none.
    pub fn read(&self, cell: &str) -> Result<Option<ChannelCode>, Unread> {
        if !is_told(cell) {
            return Ok(None);
        }
        let text = fold(cell);
        let own = self.0.get(&text);
        let usual = || {
            let mut usual = CHANNELS.iter();
            let (code, _) = usual.find(|(_, words)| is_among(words, &text))?;
            self.0.values().find(|known| known.as_str() == *code)
        };
        own.or_else(usual).cloned().map(Some).ok_or(Unread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{customers::SOURCE_CHANNELS, organization::Locale, text_enum::TextEnum};

    fn words(channels: &[(&str, &str)]) -> ChannelWords {
        let code = |code| ChannelCode::parse(code).unwrap();
        let channels = channels.iter();
        ChannelWords::new(
            channels
                .map(|(c, name)| (code(c), (*name).into()))
                .collect(),
        )
    }

    fn read(words: &ChannelWords, cell: &str) -> Result<Option<String>, Unread> {
        let found = words.read(cell)?;
        Ok(found.map(|code| code.as_str().to_owned()))
    }

    #[test]
    fn the_own_words_of_an_institution_count_before_usual_ones() {
        let own = words(&[
            ("referral", "转介绍"),
            ("old_pupils", "老带新"),
            ("social", "社媒"),
        ]);
        for (cell, code) in [
            ("老带新", "old_pupils"),
            ("朋友 推荐", "referral"),
            ("微信 公众号", "social"),
            ("OLD_pupils", "old_pupils"),
        ] {
            assert_eq!(read(&own, cell), Ok(Some(code.into())), "{cell}");
        }
        assert_eq!(read(&own, ""), Ok(None));
        for unknown in ["托梦", "上门", "walk_in"] {
            assert_eq!(read(&own, unknown), Err(Unread), "{unknown}");
        }
    }

    #[test]
    fn usual_words_lead_to_channels_that_every_institution_has() {
        for locale in Locale::ALL {
            let known = SOURCE_CHANNELS.iter();
            let known = known.map(|known| (known.code, known.name.of(*locale)));
            let own = words(&known.collect::<Vec<_>>());
            for (code, usual) in CHANNELS {
                // A channel that came later may be named by the word.
                let read = usual
                    .split(' ')
                    .map(|word| read(&own, word).unwrap().unwrap());
                assert!(
                    read.collect::<Vec<_>>().contains(&(*code).to_owned()),
                    "{code}"
                );
            }
        }
    }
}
