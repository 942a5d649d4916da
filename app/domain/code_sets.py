"""代码集的目录: every code list by name, with its title and source, as the database holds them."""

from dataclasses import dataclass

from app.domain import codes
from app.domain.codes import Codes, named

MARITAL: Codes = named("10未婚 20已婚 21初婚 22再婚 23复婚 30丧偶 40离婚 90未说明")
STUDY: Codes = named("1全日制 2在职")
TITLE_GRADE: Codes = named("11正高 12副高 2中级 3初级")
FAMILY: Codes = named("01父亲 02母亲 03丈夫 04妻子 05儿子 06女儿")
MANAGEMENT: Codes = {
    "1": "综合管理类", "2": "专业技术类", "3": "行政执法类", "5": "参公机关", "6": "参公事业", "7": "事业管理", "8": "事业专技",
    "A0": "机关工勤", "A1": "事业工勤", "A2": "临时人员", "B1": "法官", "B2": "检察官", "B3": "执法勤务警员",
    "B4": "警务技术", "B5": "在机关工作的事业编制人员",
}  # fmt: skip
PERSON_STATE: Codes = named("1现职 2离退 3调出 4已去世 5其他")
RETIREMENT: Codes = named("1离休 2退休 3退职")
AUTHORITY: Codes = named("01中央 02省委 03市委 04县(区)委 09其他")
EXIT: Codes = named(
    "1调出 11调出到公务员机关 12调出到参公群团 13调出到参公事业 14调出到其他事业 15调出到国企 2整建制转出 31离退休 "
    "32辞去公职 33辞退 34开除 35死亡 36选举退出 37其他 91取消录用 92解除、终止聘用 93提前退休 94宣告失踪 95调出本市 "
    "96因公牺牲 97转编外 98差错更正"
)
APPOINTMENT: Codes = named("1委任 11公开选拔 12竞争上岗 2选任 3聘任")
APPOINTMENT_STATE: Codes = named("0已免 1在任")
POSITION_CHANGE: Codes = named("1晋升 2降职 3交流 4离退 5辞职 6辞退 7开除 8死亡")
APPOINTMENT_KIND: Codes = named("26逐级晋升 27越级 33平级兼职 35平级调动 37挂职 51降职")
DISCIPLINE: Codes = named("01警告 02记过 03记大过 04降级 05撤职 06开除")
APPRAISAL: Codes = named("1优秀 2称职 3基本称职 4不称职 5不定等次 6不进行考核")
REGISTRATION: Codes = named("1已登记 2暂缓登记 3不予登记")
REGISTERED_AS: Codes = named("1公务员 2参照管理人员 3其他")
ALARM_LEVEL: Codes = named("1错误 2警告 3提示")


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list: its name in the system, what it is called, where it comes from."""

    name: str
    title: str
    source: str
    codes: Codes


SETS = tuple(
    CodeList(*entry)
    for entry in (
        ("node", "机构节点", "本系统", codes.NODE),
        ("line_kind", "编制线类型", "本系统", codes.KIND),
        ("category", "编制类型", "《行政机构设置和编制管理条例》、中组部信息结构体系 B02", codes.CATEGORY),
        ("funding", "经费形式", "事业单位机构编制统计报表说明 B02061/64/67", codes.FUNDING),
        ("structure", "事业编制结构", "事业单位岗位设置", codes.STRUCTURE),
        ("unit_nature", "机构性质", "中组部信息结构体系", codes.UNIT_NATURE),
        ("unit_category", "机构类别", "ZB04", codes.UNIT_CATEGORY),
        ("unit_grade", "机构级别", "ZB03", codes.UNIT_GRADE),
        ("subordination", "隶属关系", "GB/T 12404", codes.SUBORDINATION),
        ("role", "领导职务正副", "本系统", codes.ROLE),
        ("level", "领导职务层次", "ZB09（GB/T 12407）", codes.LEVEL),
        ("rank", "职级与岗位等级", "公务员法第十九条、ZB09；内码 R01–R12", codes.RANK),
        ("appointment_nature", "任职性质", "本系统", codes.NATURE_OF_POST),
        ("id_type", "证件类型", "本系统", codes.ID_TYPE),
        ("sex", "性别", "GB/T 2261.1", codes.SEX),
        ("marital", "婚姻状况", "GB/T 2261.2", MARITAL),
        ("ethnicity", "民族", "GB/T 3304", codes.ETHNICITY),
        ("political", "政治面貌", "GB/T 4762", codes.POLITICAL),
        ("education", "学历", "GB/T 4658（待核）", codes.EDUCATION),
        ("degree", "学位", "GB/T 6864", codes.DEGREE),
        ("study", "学习方式", "ZB123", STUDY),
        ("title_grade", "专业技术职务等级", "ZB139", TITLE_GRADE),
        ("family", "家庭关系", "GB/T 4761", FAMILY),
        ("management", "管理类别", "ZB125", MANAGEMENT),
        ("person_state", "人员状态", "ZB126", PERSON_STATE),
        ("retirement", "退休类别", "ZB132", RETIREMENT),
        ("authority", "干部管理权限", "ZB130", AUTHORITY),
        ("entry_way", "入编方式", "ZB77 与本系统扩展", codes.ENTRY_WAY),
        ("exit_reason", "出编原因", "ZB78 与本系统扩展", EXIT),
        ("appointment", "任职方式", "ZB122", APPOINTMENT),
        ("appointment_state", "任职状态", "ZB14", APPOINTMENT_STATE),
        ("position_change", "职务变动原因", "ZB16", POSITION_CHANGE),
        ("appointment_kind", "任职类别", "ZB13", APPOINTMENT_KIND),
        ("discipline", "处分", "XZ43", DISCIPLINE),
        ("appraisal", "年度考核", "ZB18", APPRAISAL),
        ("registration", "公务员登记", "XZ07", REGISTRATION),
        ("registered_as", "登记对象", "XZ08", REGISTERED_AS),
        ("alarm_level", "校验级别", "VRU003", ALARM_LEVEL),
    )
)
