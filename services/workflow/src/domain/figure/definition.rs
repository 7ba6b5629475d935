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
    /// What is left out on purpose, and what dates an issue.
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
        format!("{} ÷ {}。{}", self.numerator_zh, self.denominator_zh, self.left_out_zh())
    }

    /// What is left out, with what is left out of every figure.
    pub fn left_out_zh(&self) -> String {
        format!("{}{BASE_ZH}", self.exclusions_zh)
    }

    /// All of it in English, in a line.
    pub fn text_en(&self) -> String {
        format!("{} / {}. {}", self.numerator_en, self.denominator_en, self.left_out_en())
    }

    /// What is left out, with what is left out of every figure.
    pub fn left_out_en(&self) -> String {
        format!("{} {BASE_EN}", self.exclusions_en)
    }
}

/// What is left out of every figure.
const BASE_ZH: &str = "不属受理范围、并单的子单、经核实撤回的问题一律不计。";
const BASE_EN: &str = "Issues out of scope, merged into others or withdrawn are left out of all figures.";

const NOT_DUE_ZH: &str = "未到期的不计入；有多轮的，按末轮计入其办理日期所在期间，各轮均按时方为按时；超时未办的不论何时到期均计入，按到期日列月份。";
const NOT_DUE_EN: &str = "What is not due yet is left out. Of several rounds the last one dates the issue, and all of them have to be in time. What is overdue counts whenever it was due, in the month in which it was.";
const ORIGINAL_ZH: &str = "按延期前的原时限计算。未到期的不计入；有多轮的，按末轮计入其办理日期所在期间，各轮均按时方为按时；超时未办的不论何时到期均计入，按到期日列月份。";
const ORIGINAL_EN: &str = "By the deadlines before any extension. What is not due yet is left out. Of several rounds the last one dates the issue, and all of them have to be in time. What is overdue counts whenever it was due, in the month in which it was.";
const TOOK_ZH: &str = "以工作秒计，扣除中断；中位数（P50）与 P90 按最近秩取值，64 秒以上向上取整，误差小于 1.6%；按末次停止的日期计入，末轮超时未办的不计入。";
const TOOK_EN: &str = "In working seconds without interruptions. P50 and P90 are those of the nearest rank; above 64 seconds they are rounded up by less than 1.6 %. The last stop dates the issue; where the last round is overdue it is left out.";
const RANK_ZH: &str = "按 95% 置信区间（Wilson）下限分档，基数不足的单位不参加排名；同档不分先后。";
const RANK_EN: &str = "Units stand in tiers by the lower bound of Wilson's interval of 95 %; those with too few issues are not ranked, and within a tier none comes before another.";

/// Name, numerator, denominator, exclusions.
#[rustfmt::skip]
const fn zh(id: FigureId) -> [&'static str; 4] {
    match id {
        FigureId::M1 => ["办结率", "截至统计时点已办结的问题", "期末前提报的全部问题", "已重办未再办结的问题不计入分子；按提报日期列月份。"],
        FigureId::M2 => ["同批办结率", "本期提报且截至统计时点已办结的问题", "本期提报的问题", "往期提报的问题不计入。"],
        FigureId::M3 => ["清结率", "分母中本期办结的问题", "期初未办结的问题与本期提报的问题之和", "期初已办结、本期重办的问题不计入；不按月份分组，请逐月查询。"],
        FigureId::M4 => ["办结提报比", "本期办结的问题", "本期提报的问题", "分子不是分母的一部分，可超过 100%，不得称为办结率；分子按办结日期、分母按提报日期列月份。"],
        FigureId::M5 => ["按时办结率", "本期办结且答复未超过 C4 时限（含延期）的问题", "本期办结的问题与统计时点答复已超时且未办结的问题之和", "未到期的在办问题不计入；超时未办结的不论何时到期均计入，按到期日列月份。"],
        FigureId::M5Original => ["按时办结率（原时限）", "本期办结且答复未超过 C4 原时限的问题", "本期办结的问题与统计时点答复已超原时限且未办结的问题之和", "按延期前的原时限计算；未到期的在办问题不计入；超时未办结的不论何时到期均计入，按到期日列月份。"],
        FigureId::M6Sign => ["按时签收率", "本期按时签收的问题", "本期签收的问题与统计时点超时未签收的问题之和", NOT_DUE_ZH],
        FigureId::M6SignOriginal => ["按时签收率（原时限）", "本期按时签收的问题", "本期签收的问题与统计时点超时未签收的问题之和", ORIGINAL_ZH],
        FigureId::M6Transfer => ["按时转办率", "本期按时转办的问题", "本期转办的问题与统计时点超时未转办的问题之和", NOT_DUE_ZH],
        FigureId::M6TransferOriginal => ["按时转办率（原时限）", "本期按时转办的问题", "本期转办的问题与统计时点超时未转办的问题之和", ORIGINAL_ZH],
        FigureId::M6Contact => ["按时联系率", "本期按时首次联系企业的问题", "本期首次联系的问题与统计时点超时未联系的问题之和", NOT_DUE_ZH],
        FigureId::M6ContactOriginal => ["按时联系率（原时限）", "本期按时首次联系企业的问题", "本期首次联系的问题与统计时点超时未联系的问题之和", ORIGINAL_ZH],
        FigureId::M6Feedback => ["按时反馈率", "本期按时反馈的问题", "本期反馈的问题与统计时点超时未反馈的问题之和", NOT_DUE_ZH],
        FigureId::M6FeedbackOriginal => ["按时反馈率（原时限）", "本期按时反馈的问题", "本期反馈的问题与统计时点超时未反馈的问题之和", ORIGINAL_ZH],
        FigureId::M6Audit => ["按时审核率", "本期按时审核的问题", "本期审核的问题与统计时点超时未审核的问题之和", NOT_DUE_ZH],
        FigureId::M6AuditOriginal => ["按时审核率（原时限）", "本期按时审核的问题", "本期审核的问题与统计时点超时未审核的问题之和", ORIGINAL_ZH],
        FigureId::M7 => ["响应率", "本期提报且截至统计时点科室已首次联系企业或已答复的问题", "本期提报的问题", "签收、转办、受理不算响应；往期提报的问题不计入。"],
        FigureId::M8 => ["解决率", "现行答复为已解决或计划兑现、且企业评价达到满意星级的问题", "本期作出现行答复的问题", "被退回、整改或重办的答复不再计入；未评价的不视为企业确认；临时措施和计划不算解决。"],
        FigureId::M9 => ["满意率", "末次评价达到满意星级的问题", "末次评价在本期的问题", "未评价的问题不计入，亦不视为满意；星级标准以该问题适用的政策包为准。"],
        FigureId::M9Strict => ["满意率（从严）", "末次评价达到从严满意星级的问题", "末次评价在本期的问题", "未评价的问题不计入，亦不视为满意；星级标准以该问题适用的政策包为准。"],
        FigureId::M10 => ["参评率", "末次反馈已获评价的问题", "末次反馈在本期且评价期已结束的问题", "评价或提出异议即结束评价期；评价期内尚未评价的不计入。"],
        FigureId::M11 => ["按时整改率", "末次低星评价或异议后在 C8 时限内再次答复的问题", "末次低星评价或异议在本期的问题", "重办不是低星评价，不计入。"],
        FigureId::M12 => ["重办率", "曾被重办的问题", "首次办结在本期的问题", "多次重办只计一次；此后重办仍列入首次办结所在期间。"],
        FigureId::M13Returned => ["退单率", "首次退单申请在本期的问题", "首次转办在本期的问题", "分子不是分母的一部分；科室异议不是退单；每个问题只计一次。"],
        FigureId::M13Upheld => ["退单成立率", "首次退单申请在本期且退单成立的问题", "首次转办在本期的问题", "分子不是分母的一部分；科室异议不是退单；每个问题只计一次。"],
        FigureId::M14 => ["一次办结率", "未经整改、审核不通过或重办即办结的问题", "本期办结的问题", "已重办未再办结的问题不计入。"],
        FigureId::M15 => ["审核不通过率", "曾审核不通过的问题", "末次审核在本期的问题", "每个问题只计一次；再次送审超时未审核的不计入。"],
        FigureId::M23C0 => ["分派用时", "本期完成分派的问题", "同分子", TOOK_ZH],
        FigureId::M23C1 => ["签收用时", "本期完成签收的问题", "同分子", TOOK_ZH],
        FigureId::M23C2 => ["转办用时", "本期完成转办的问题", "同分子", TOOK_ZH],
        FigureId::M23C3 => ["首次联系用时", "本期首次联系企业的问题", "同分子", TOOK_ZH],
        FigureId::M23C4 => ["答复用时", "本期完成答复的问题", "同分子", TOOK_ZH],
        FigureId::M23C5 => ["反馈用时", "本期完成反馈的问题", "同分子", TOOK_ZH],
        FigureId::M23C6 => ["评价用时", "本期作出评价的问题", "同分子", TOOK_ZH],
        FigureId::M23C7 => ["审核用时", "本期完成审核的问题", "同分子", TOOK_ZH],
        FigureId::M23C8 => ["整改用时", "本期完成整改答复的问题", "同分子", TOOK_ZH],
        FigureId::M23C9 => ["退单裁定用时", "本期完成退单裁定的问题", "同分子", TOOK_ZH],
        FigureId::M23C10 => ["撤单核实用时", "本期完成撤单核实的问题", "同分子", TOOK_ZH],
        FigureId::M23C11 => ["挂账回查用时", "本期完成挂账回查的问题", "同分子", TOOK_ZH],
        FigureId::M23C12 => ["批示回复用时", "本期回复批示的问题", "同分子", TOOK_ZH],
        FigureId::M23C13 => ["协办答复用时", "本期答复协办任务的问题", "同分子", TOOK_ZH],
        FigureId::M23Total => ["企业等待用时", "本期办结的问题", "同分子", "自提报至办结，以自然秒计，从不中断；中位数（P50）与 P90 按最近秩取值，64 秒以上向上取整，误差小于 1.6%。"],
        FigureId::M24Completion => ["办结率排名", "截至统计时点已办结的问题", "期末前提报的全部问题", RANK_ZH],
        FigureId::M24Satisfied => ["满意率排名", "末次评价达到满意星级的问题", "末次评价在本期的问题", RANK_ZH],
    }
}

/// Name, numerator, denominator, exclusions.
#[rustfmt::skip]
const fn en(id: FigureId) -> [&'static str; 4] {
    match id {
        FigureId::M1 => ["Completion", "Issues closed at the time of counting", "all issues submitted before the end of the period", "A reopened issue is not closed. The submission gives the month."],
        FigureId::M2 => ["Same-batch completion", "Issues submitted in the period and closed at the time of counting", "issues submitted in the period", "Issues submitted earlier are left out."],
        FigureId::M3 => ["Clearance", "Issues of the denominator closed in the period", "issues open at its start and issues submitted in it", "Issues that were closed at the start and reopened in the period are left out. It is not grouped by month: ask month by month."],
        FigureId::M4 => ["Flow ratio", "Issues closed in the period", "issues submitted in the period", "The numerator is no part of the denominator, so this may pass 100 % and is no completion rate. Closes stand in the month of the close, submissions in theirs."],
        FigureId::M5 => ["On time", "Issues closed in the period whose reply kept C4, extensions included", "issues closed in the period and open issues whose reply is or was overdue", "Open issues not yet due are left out; overdue ones count whenever they were due, in the month in which they were."],
        FigureId::M5Original => ["On time by the original deadline", "Issues closed in the period whose reply kept the original deadline of C4", "issues closed in the period and open issues whose reply is or was overdue by it", "By the deadline before any extension. Open issues not yet due are left out; overdue ones count whenever they were due, in the month in which they were."],
        FigureId::M6Sign => ["Signed on time", "Issues signed in time in the period", "issues signed in the period and issues overdue for signing", NOT_DUE_EN],
        FigureId::M6SignOriginal => ["Signed on time by the original deadline", "Issues signed in time in the period", "issues signed in the period and issues overdue for signing", ORIGINAL_EN],
        FigureId::M6Transfer => ["Transferred on time", "Issues dispatched in time in the period", "issues dispatched in the period and issues overdue for dispatch", NOT_DUE_EN],
        FigureId::M6TransferOriginal => ["Transferred on time by the original deadline", "Issues dispatched in time in the period", "issues dispatched in the period and issues overdue for dispatch", ORIGINAL_EN],
        FigureId::M6Contact => ["Contacted on time", "Issues with a first contact in time in the period", "issues first contacted in the period and issues overdue for contact", NOT_DUE_EN],
        FigureId::M6ContactOriginal => ["Contacted on time by the original deadline", "Issues with a first contact in time in the period", "issues first contacted in the period and issues overdue for contact", ORIGINAL_EN],
        FigureId::M6Feedback => ["Fed back on time", "Issues fed back in time in the period", "issues fed back in the period and issues overdue for feedback", NOT_DUE_EN],
        FigureId::M6FeedbackOriginal => ["Fed back on time by the original deadline", "Issues fed back in time in the period", "issues fed back in the period and issues overdue for feedback", ORIGINAL_EN],
        FigureId::M6Audit => ["Audited on time", "Issues audited in time in the period", "issues audited in the period and issues overdue for audit", NOT_DUE_EN],
        FigureId::M6AuditOriginal => ["Audited on time by the original deadline", "Issues audited in time in the period", "issues audited in the period and issues overdue for audit", ORIGINAL_EN],
        FigureId::M7 => ["Response", "Issues submitted in the period whose section has contacted the firm or replied", "issues submitted in the period", "To sign, dispatch or accept is no response. Issues submitted earlier are left out."],
        FigureId::M8 => ["Solved", "Issues whose standing reply is RESOLVED or PLANNED_DELIVERED and was rated as satisfying by the firm", "issues whose standing reply is of the period", "A reply that was sent back, rectified or reopened stands no longer. What is not rated is not confirmed; interim measures and plans solve nothing."],
        FigureId::M9 => ["Satisfied", "Issues whose last rating reaches the stars of a satisfied firm", "issues whose last rating is of the period", "Unrated issues are left out, and never count as satisfied. The stars are those of the pack that the issue is bound to."],
        FigureId::M9Strict => ["Satisfied, strictly", "Issues whose last rating reaches the stars of a strictly satisfied firm", "issues whose last rating is of the period", "Unrated issues are left out, and never count as satisfied. The stars are those of the pack that the issue is bound to."],
        FigureId::M10 => ["Rated", "Issues whose last feedback was rated", "issues last fed back in the period, with the window for rating over", "A rating or a dispute ends the window. What may still be rated, and is not, is left out."],
        FigureId::M11 => ["Rectified in time", "Issues replied to again within C8 after the last low rating or dispute", "issues whose last low rating or dispute is of the period", "A reopening is no low rating."],
        FigureId::M12 => ["Reopened", "Issues reopened at least once", "issues first closed in the period", "However often it is reopened, an issue counts once, and in the period of its first close."],
        FigureId::M13Returned => ["Returned", "Issues whose first return was requested in the period", "issues first dispatched in the period", "The numerator is no part of the denominator. A section's objection is no return. Each issue counts once."],
        FigureId::M13Upheld => ["Returned and upheld", "Issues whose first return was requested in the period, with a return upheld", "issues first dispatched in the period", "The numerator is no part of the denominator. A section's objection is no return. Each issue counts once."],
        FigureId::M14 => ["Closed first time", "Issues closed without rectification, failed audit or reopening", "issues closed in the period", "A reopened issue is not closed."],
        FigureId::M15 => ["Audit failures", "Issues with an audit that failed", "issues whose last audit is of the period", "Each issue counts once. Where the next audit is overdue it is left out."],
        FigureId::M23C0 => ["Time to assign", "Issues assigned in the period", "the same", TOOK_EN],
        FigureId::M23C1 => ["Time to sign", "Issues signed in the period", "the same", TOOK_EN],
        FigureId::M23C2 => ["Time to transfer", "Issues dispatched in the period", "the same", TOOK_EN],
        FigureId::M23C3 => ["Time to first contact", "Issues first contacted in the period", "the same", TOOK_EN],
        FigureId::M23C4 => ["Time to reply", "Issues replied to in the period", "the same", TOOK_EN],
        FigureId::M23C5 => ["Time to feed back", "Issues fed back in the period", "the same", TOOK_EN],
        FigureId::M23C6 => ["Time to rate", "Issues rated or disputed in the period", "the same", TOOK_EN],
        FigureId::M23C7 => ["Time to audit", "Issues audited in the period", "the same", TOOK_EN],
        FigureId::M23C8 => ["Time to rectify", "Issues rectified in the period", "the same", TOOK_EN],
        FigureId::M23C9 => ["Time to rule on a return", "Issues with a return ruled on in the period", "the same", TOOK_EN],
        FigureId::M23C10 => ["Time to check a withdrawal", "Issues with a withdrawal decided on in the period", "the same", TOOK_EN],
        FigureId::M23C11 => ["Time to review a plan", "Issues with a plan reviewed in the period", "the same", TOOK_EN],
        FigureId::M23C12 => ["Time to answer an instruction", "Issues with an instruction answered in the period", "the same", TOOK_EN],
        FigureId::M23C13 => ["Time of a co-section to answer", "Issues with a co-section's task answered in the period", "the same", TOOK_EN],
        FigureId::M23Total => ["Time that the firm waits", "Issues closed in the period", "the same", "From the submission to the close by the calendar, without any pause. P50 and P90 are those of the nearest rank; above 64 seconds they are rounded up by less than 1.6 %."],
        FigureId::M24Completion => ["Rank by completion", "Issues closed at the time of counting", "all issues submitted before the end of the period", RANK_EN],
        FigureId::M24Satisfied => ["Rank by satisfaction", "Issues whose last rating reaches the stars of a satisfied firm", "issues whose last rating is of the period", RANK_EN],
    }
}
