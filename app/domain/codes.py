"""代码: the values that people and units are described with, each with its Chinese name."""

from __future__ import annotations

from app.domain.regions import foshan

Codes = dict[str, str]


def named(text: str) -> Codes:
    """``"01汉族 02蒙古族"`` as code → name: the code is the leading part in ASCII."""
    found: Codes = {}
    for entry in text.split():
        split = next(place for place, letter in enumerate(entry) if not letter.isascii())
        found[entry[:split]] = entry[split:]
    return found


NODE: Codes = {"legal": "法人单位", "department": "内设机构"}
KIND: Codes = {"establishment": "编制", "leadership": "领导职数"}
STRUCTURE: Codes = {"none": "不分", "management": "管理", "professional": "专技", "workman": "工勤"}
ROLE: Codes = {"principal": "正职", "deputy": "副职", "other": "其他"}
NATURE_OF_POST: Codes = {
    "regular": "本单位",
    "concurrent": "兼任",
    "attached": "挂职",
    "superior": "上级管理",
}
YES_NO: Codes = {"yes": "是", "no": "否"}
ID_TYPE: Codes = {
    "resident": "居民身份证",
    "military": "军官证",
    "permit": "港澳台居民通行证",
    "passport": "护照",
}
SEX: Codes = named("0未知的性别 1男 2女 9未说明的性别")
CATEGORY: Codes = named(
    "11行政编制 12政法专项编制 13机关工勤编制 14后勤服务人员编制 15老干部服务人员编制 "
    "21参公事业编制 22事业编制 23事业工勤 31单列编制"
)
FUNDING: Codes = named("1全额拨款 2差额补贴 3经费自理 4企业化管理 9未定编到人")
UNIT_NATURE: Codes = named("1国家机关 2政党机关 3社会团体 4政法机关 9其他")
UNIT_CATEGORY: Codes = named(
    "1领导机构 1001党委 1002纪委 1003人大 1004政府 1005政协 1006法院 1007检察院 2议事协调机构 3机关 "
    "31纪委机关 32党委部门 33人大机关 34政府部门 35政协机关 38民主党派和工商联 39人民团体 3901工会 3902共青团 "
    "3903妇联 3480政府派出机关 4事业单位 41参公事业单位 411行政类 412公益一类 413公益二类 419未分类 "
    "42其他事业单位 5企业 6社团"
)
UNIT_GRADE: Codes = named("105地厅司局级 106副地厅级 107县处级 108副县处级 109乡科级 110副乡科级 111股级 999其他")
SUBORDINATION: Codes = named(
    "11中央 20省 40省辖市 41省辖市 45市设在地方 66省辖市辖区 70镇 71省辖市辖区 72县级市 73县 81镇 82乡 83街道"
)
ETHNICITY: Codes = named(
    "01汉族 02蒙古族 03回族 04藏族 05维吾尔族 06苗族 07彝族 08壮族 09布依族 10朝鲜族 11满族 12侗族 13瑶族 "
    "14白族 15土家族 16哈尼族 17哈萨克族 18傣族 19黎族 20傈僳族 21佤族 22畲族 23高山族 24拉祜族 25水族 26东乡族 "
    "27纳西族 28景颇族 29柯尔克孜族 30土族 31达斡尔族 32仫佬族 33羌族 34布朗族 35撒拉族 36毛南族 37仡佬族 "
    "38锡伯族 39阿昌族 40普米族 41塔吉克族 42怒族 43乌孜别克族 44俄罗斯族 45鄂温克族 46德昂族 47保安族 48裕固族 "
    "49京族 50塔塔尔族 51独龙族 52鄂伦春族 53赫哲族 54门巴族 55珞巴族 56基诺族 91其他 92外国血统 98外国民族 "
    "99加入中国籍的外国人"
)
POLITICAL: Codes = named(
    "01中共党员 02预备党员 03共青团员 04民革 05民盟 06民建 07民进 08农工党 09致公党 10九三学社 11台盟 12无党派 13群众"
)
EDUCATION: Codes = named("11博士毕业 14硕士毕业 21本科毕业 31专科毕业 41中专 61高中 71初中 81小学 90其他")
DEGREE: Codes = named(
    "1名誉博士 2博士 201哲学博士 212管理学博士 3硕士 301哲学硕士 312管理学硕士 4学士 401哲学学士 412管理学学士"
)
LEVEL: Codes = named(
    "0101国家级正 0102国家级副 0111省部级正 0112省部级副 0121厅局级正 0122厅局级副 0131县处级正 0132县处级副 "
    "0141乡科级正 0142乡科级副 0150科员 0160办事员 0198试用期 0199其他"
)
RANK: Codes = named(
    "R01一级巡视员 R02二级巡视员 R03一级调研员 R04二级调研员 R05三级调研员 R06四级调研员 R07一级主任科员 "
    "R08二级主任科员 R09三级主任科员 R10四级主任科员 R11一级科员 R12二级科员 0831正处五级管理 0832副处六级管理 "
    "0841正科七级管理 0842副科八级管理 0850科员九级管理 0860员级十级管理 0311专技一级 0312专技二级 0313专技三级 "
    "0314专技四级 0321专技五级 0322专技六级 0323专技七级 0331专技八级 0332专技九级 0333专技十级 0341专技十一级 "
    "0342专技十二级 0351专技十三级 0410机关高级技师 0420机关技师 0430机关高级工 0440机关中级工 0450机关初级工 "
    "0510机关普通工 0610事业高级技师 0620事业技师 0630事业高级工 0640事业中级工 0650事业初级工 0710事业普通工"
)
ENTRY_WAY: Codes = named(
    "2录用 21应届毕业生 22机关录用 23事业录用 24企业录用 26服务基层人员 27农民录用 28留学人员 11公务员转任 "
    "12参公群团转任 13参公事业转任 14事业调任 15国企调任 31整建制转入 32整建制转入 33整建制转入 34整建制转入 "
    "35整建制转入 36军转 37选举 5聘任 6其他 81公开招聘 82遴选 83选调生 84退役士兵安置 85高层次人才 "
    "86随军家属安置 87市内调入 88复职恢复"
)
REGION: Codes = {division.code: division.name for division in foshan()}


def resolve(codes: Codes, found: str) -> str | None:
    """The code of a cell's text: the code itself, or a name that stands for one code only."""
    if found in codes:
        return found
    matches = [code for code, name in codes.items() if name == found]
    return matches[0] if len(matches) == 1 else None
