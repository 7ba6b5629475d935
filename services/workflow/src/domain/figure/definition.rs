//! The figures in words.

use super::FigureId;

/// What a figure is, for those who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    pub id: FigureId,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    pub numerator_zh: &'static str,
    pub numerator_en: &'static str,
    pub denominator_zh: &'static str,
    pub denominator_en: &'static str,
    /// What is left out on purpose.
    pub exclusions_zh: &'static str,
    pub exclusions_en: &'static str,
}

/// The definition of a figure.
pub const fn definition(id: FigureId) -> Definition {
    let [name_zh, numerator_zh, denominator_zh, exclusions_zh] = zh(id);
    let [name_en, numerator_en, denominator_en, exclusions_en] = en(id);
    Definition {
        id,
        name_zh,
        name_en,
        numerator_zh,
        numerator_en,
        denominator_zh,
        denominator_en,
        exclusions_zh,
        exclusions_en,
    }
}

impl Definition {
    /// All of it in Chinese, in a line.
    pub fn text_zh(&self) -> String {
        format!("{} ÷ {}。{}", self.numerator_zh, self.denominator_zh, self.exclusions_zh)
    }

    /// All of it in English, in a line.
    pub fn text_en(&self) -> String {
        format!("{} / {}. {}", self.numerator_en, self.denominator_en, self.exclusions_en)
    }
}

/// Name, numerator, denominator, exclusions.
#[rustfmt::skip]
const fn zh(id: FigureId) -> [&'static str; 4] {
    match id {
        FigureId::M1 => ["办结率", "截至统计时点已办结的问题", "期末前提报的全部问题", "已重办未再办结的问题不计入分子。"],
        FigureId::M2 => ["同批办结率", "本期提报且截至统计时点已办结的问题", "本期提报的问题", "往期提报的问题不计入。"],
        FigureId::M3 => ["清结率", "分母中本期办结的问题", "期初未办结的问题与本期提报的问题之和", "期初已办结、本期重办的问题不计入。"],
        FigureId::M4 => ["办结提报比", "本期办结的问题", "本期提报的问题", "分子不是分母的一部分，可超过 100%，不得称为办结率。"],
        FigureId::M5 => ["按时办结率", "本期办结且答复未超过 C4 时限的问题", "本期办结的问题与统计时点答复已超时且未办结的问题之和", "未到期的在办问题不计入。"],
        FigureId::M6Sign => ["按时签收率", "本期按时签收的问题", "本期签收的问题与统计时点超时未签收的问题之和", "未到期的待签收问题不计入。"],
        FigureId::M6Transfer => ["按时转办率", "本期按时转办的问题", "本期转办的问题与统计时点超时未转办的问题之和", "未到期的待转办问题不计入；科室异议后须重新转办，时限不变。"],
        FigureId::M6Contact => ["按时联系率", "本期按时首次联系企业的问题", "本期首次联系的问题与统计时点超时未联系的问题之和", "未到期的问题不计入。"],
        FigureId::M6Feedback => ["按时反馈率", "本期各次反馈均按时的问题", "本期反馈的问题与统计时点超时未反馈的问题之和", "未到期及答复被退回的轮次不计入。"],
        FigureId::M6Audit => ["按时审核率", "本期各次审核均按时的问题", "本期审核的问题与统计时点超时未审核的问题之和", "未到期的待审核问题不计入。"],
        FigureId::M9 => ["满意率", "本期末次评价达到满意星级的问题", "本期有评价的问题", "未评价的问题不计入，亦不视为满意。"],
        FigureId::M9Strict => ["满意率（从严）", "本期末次评价达到从严满意星级的问题", "本期有评价的问题", "未评价的问题不计入，亦不视为满意。"],
    }
}

/// Name, numerator, denominator, exclusions.
#[rustfmt::skip]
const fn en(id: FigureId) -> [&'static str; 4] {
    match id {
        FigureId::M1 => ["Completion", "Issues closed at the time of counting", "all issues submitted before the end of the period", "A reopened issue is not closed."],
        FigureId::M2 => ["Same-batch completion", "Issues submitted in the period and closed at the time of counting", "issues submitted in the period", "Issues submitted earlier are left out."],
        FigureId::M3 => ["Clearance", "Issues of the denominator closed in the period", "issues open at its start and issues submitted in it", "Issues that were closed at the start and reopened in the period are left out."],
        FigureId::M4 => ["Flow ratio", "Issues closed in the period", "issues submitted in the period", "The numerator is no part of the denominator, so this may pass 100 % and is no completion rate."],
        FigureId::M5 => ["On time", "Issues closed in the period whose reply kept C4", "issues closed in the period and open issues whose reply is or was overdue", "Open issues not yet due are left out."],
        FigureId::M6Sign => ["Signed on time", "Issues signed in time in the period", "issues signed in the period and issues overdue for signing", "Issues not yet due are left out."],
        FigureId::M6Transfer => ["Transferred on time", "Issues dispatched in time in the period", "issues dispatched in the period and issues overdue for dispatch", "Issues not yet due are left out; a dispatch that was objected to does not count, and its deadline stays."],
        FigureId::M6Contact => ["Contacted on time", "Issues with a first contact in time in the period", "issues first contacted in the period and issues overdue for contact", "Issues not yet due are left out."],
        FigureId::M6Feedback => ["Fed back on time", "Issues fed back in the period, in time each time", "issues fed back in the period and issues overdue for feedback", "Rounds not yet due and replies that were sent back are left out."],
        FigureId::M6Audit => ["Audited on time", "Issues audited in the period, in time each time", "issues audited in the period and issues overdue for audit", "Issues not yet due are left out."],
        FigureId::M9 => ["Satisfied", "Issues whose last rating in the period reaches the stars of a satisfied firm", "issues rated in the period", "Unrated issues are left out, and never count as satisfied."],
        FigureId::M9Strict => ["Satisfied, strictly", "Issues whose last rating in the period reaches the stars of a strictly satisfied firm", "issues rated in the period", "Unrated issues are left out, and never count as satisfied."],
    }
}
