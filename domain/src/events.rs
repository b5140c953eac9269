//! The feed of events (变更事件): how others follow what happens.

use crate::rules;

rules! {
    FEED_PURGED = Invalid "feed_purged" {
        "这些事件已被清除", "These events are gone";
        "最早可从 {from} 之后读取；请重新同步。", "The feed begins behind {from}: synchronize anew, then continue from there." }
    FEED_AHEAD = Invalid "feed_ahead" {
        "事件流尚未到达该位置", "The feed has not come that far";
        "最新位置是 {last}；若数据刚从备份恢复，请重新同步。", "Its newest position is {last}: after a restore, synchronize anew, then continue from there." }
}
