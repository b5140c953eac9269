//! Source channels to choose from, in the place of a closed list.

super::migration!(
    "m0101_source_channels",
    r#"
CREATE TABLE source_channels (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    code text NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    channel_group text NOT NULL CONSTRAINT source_channels_group_check
        CHECK (channel_group IN ('online', 'offline', 'referral', 'partner', 'research', 'other')),
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    -- Customers refer to this one, whether the channel is archived or not.
    CONSTRAINT source_channels_code_key UNIQUE (institution_id, code)
);
CREATE UNIQUE INDEX source_channels_name_key ON source_channels (institution_id, name_fold)
    WHERE archived_at IS NULL;
CREATE INDEX source_channels_created_idx ON source_channels (institution_id, created_at, id);

WITH known (place, code, channel_group, zh, en) AS (VALUES
    (0, 'hotline', 'offline', '咨询热线', 'Hotline'),
    (1, 'walk_in', 'offline', '到访', 'Walk-in'),
    (2, 'website', 'online', '网站留言', 'Website message'),
    (3, 'social', 'online', '社交媒体', 'Social media'),
    (4, 'event', 'offline', '招生活动', 'Event'),
    (5, 'public_lesson', 'offline', '公开课', 'Public lesson'),
    (6, 'referral', 'referral', '转介绍', 'Referral'),
    (7, 'partner_school', 'partner', '合作学校', 'Partner school'),
    (8, 'advertisement', 'offline', '广告', 'Advertisement'),
    (9, 'other', 'other', '其他', 'Other'),
    (10, 'online_event', 'online', '线上招生活动', 'Online event'),
    (12, 'web_registration', 'online', '网络注册', 'Registration on the web'),
    (13, 'store_registration', 'offline', '门店注册', 'Registration in a store'),
    (14, 'phone_registration', 'offline', '电话注册', 'Registration by phone'),
    (15, 'customer_form', 'other', '客户填写表单', 'Form filled by the customer'),
    (16, 'phone_interview', 'research', '电话访谈', 'Phone interview'),
    (17, 'customer_survey', 'research', '客户调查', 'Customer survey'),
    (18, 'sales_record', 'other', '销售记录', 'Sales record'),
    (19, 'market_survey', 'research', '市场调查', 'Market survey'),
    (20, 'business_expansion', 'offline', '业务拓展', 'Business expansion'),
    (21, 'complaint', 'other', '客户投诉', 'Complaint'),
    (22, 'questionnaire', 'research', '问卷调查', 'Questionnaire'),
    (23, 'focus_group', 'research', '焦点小组讨论', 'Focus group'),
    (24, 'depth_interview', 'research', '深度访谈', 'Depth interview'),
    (25, 'industry_report', 'research', '行业报告', 'Industry report'),
    (26, 'customer_advertisement', 'research', '客户发布的广告', 'The customer''s advertisement'),
    (27, 'customer_website', 'research', '客户网站', 'The customer''s website'),
    (28, 'exhibition', 'offline', '客户参加的展会', 'Exhibition that the customer attends'),
    (29, 'data_lookup', 'research', '资料查询', 'Data look-up'),
    (30, 'lecture', 'offline', '讲座', 'Lecture'),
    (31, 'trial_lesson', 'offline', '试听课', 'Trial lesson'),
    (32, 'public_place', 'offline', '公共场所收集', 'Public place'),
    (33, 'book_gift', 'offline', '赠送图书', 'Gift of books'),
    (34, 'free_test', 'offline', '公益测评', 'Free test'),
    (35, 'prize_quiz', 'offline', '有奖问答', 'Prize quiz'),
    (36, 'joint_exercise', 'offline', '集体锻炼', 'Joint exercise'),
    (37, 'flyer', 'offline', '发放传单', 'Flyer'),
    (38, 'science_talk', 'offline', '科普宣传', 'Talk on science'),
    (39, 'sponsored_activity', 'offline', '赞助活动', 'Sponsored activity'),
    (40, 'print_quiz', 'offline', '报刊问答', 'Quiz in print'),
    (41, 'essay_contest', 'offline', '征文比赛', 'Essay contest'),
    (42, 'media_event', 'offline', '媒体互动活动', 'Event with the media'),
    (43, 'news_event', 'offline', '新闻事件', 'News event'),
    (44, 'alliance', 'partner', '合作联盟', 'Alliance'),
    (45, 'partner_institution', 'partner', '合作机构', 'Partner institution')
)
INSERT INTO source_channels (institution_id, id, code, name, name_fold, channel_group, version, created_at)
SELECT institution_id,
--postgres
    gen_random_uuid(),
--sqlite
    randomblob(16),
--both
    code, name, lower(replace(name, ' ', '')), channel_group, 1, created_at + place
FROM (
    SELECT i.institution_id, i.created_at, k.place, k.code, k.channel_group,
        CASE i.locale WHEN 'en' THEN k.en ELSE k.zh END AS name
    FROM institutions i CROSS JOIN known k
) AS begun;

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'customers:configure', 'institution' FROM roles
    WHERE is_built_in AND code IN ('boss', 'customer_information_administrator', 'data_management')
    ON CONFLICT DO NOTHING;

-- What is archived stays with the customers that have it, and comes to no other.
--postgres
ALTER TABLE customers ADD CONSTRAINT customers_channel_fkey
    FOREIGN KEY (institution_id, channel) REFERENCES source_channels (institution_id, code);
CREATE FUNCTION refuse_closed_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM source_channels s WHERE s.institution_id = NEW.institution_id
                   AND s.code = NEW.channel AND s.archived_at IS NULL) THEN
        RAISE EXCEPTION 'customers_channel_open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_channel_begun BEFORE INSERT ON customers
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_channel();
CREATE TRIGGER customers_channel_chosen BEFORE UPDATE OF channel ON customers
    FOR EACH ROW WHEN (NEW.channel <> OLD.channel) EXECUTE FUNCTION refuse_closed_channel();
--sqlite
-- SQLite adds no constraint to a table that is there. Rows stand as they would with it, so that only what
-- is known of the table changes (https://sqlite.org/lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CONSTRAINT customers_collector_fkey',
    'CONSTRAINT customers_channel_fkey FOREIGN KEY (institution_id, channel)
        REFERENCES source_channels (institution_id, code),
    CONSTRAINT customers_collector_fkey')
    WHERE type = 'table' AND name = 'customers';
PRAGMA writable_schema = RESET;
CREATE TRIGGER customers_channel_begun BEFORE INSERT ON customers
    WHEN NOT EXISTS (SELECT 1 FROM source_channels s WHERE s.institution_id = NEW.institution_id
                     AND s.code = NEW.channel AND s.archived_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'customers_channel_open'); END;
CREATE TRIGGER customers_channel_chosen BEFORE UPDATE OF channel ON customers
    WHEN NEW.channel <> OLD.channel
        AND NOT EXISTS (SELECT 1 FROM source_channels s WHERE s.institution_id = NEW.institution_id
                        AND s.code = NEW.channel AND s.archived_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'customers_channel_open'); END;
--both
"#
);
