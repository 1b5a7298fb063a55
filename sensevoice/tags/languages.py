"""Names of the spoken languages that the vocabulary of SenseVoice knows, in Chinese and in English.

The long table holds the names of the Unicode CLDR 47; "jw" is the old code of Javanese, "jv" there.
The first table is our own: what SenseVoiceSmall writes most, in the words a Chinese reader expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_OWN = """
zh 中文 Chinese
en 英文 English
yue 粤语 Cantonese
ja 日文 Japanese
ko 韩文 Korean
zh/en 中英混合 Chinese and English
en/zh 英中混合 English and Chinese
minnan 闽南语 Southern Min
wuyu 吴语 Wu Chinese
dialect 方言 Chinese dialect
"""

_CLDR = """
de 德语 German
es 西班牙语 Spanish
ru 俄语 Russian
fr 法语 French
pt 葡萄牙语 Portuguese
tr 土耳其语 Turkish
pl 波兰语 Polish
ca 加泰罗尼亚语 Catalan
nl 荷兰语 Dutch
ar 阿拉伯语 Arabic
sv 瑞典语 Swedish
it 意大利语 Italian
id 印度尼西亚语 Indonesian
hi 印地语 Hindi
fi 芬兰语 Finnish
vi 越南语 Vietnamese
he 希伯来语 Hebrew
uk 乌克兰语 Ukrainian
el 希腊语 Greek
ms 马来语 Malay
cs 捷克语 Czech
ro 罗马尼亚语 Romanian
da 丹麦语 Danish
hu 匈牙利语 Hungarian
ta 泰米尔语 Tamil
no 挪威语 Norwegian
th 泰语 Thai
ur 乌尔都语 Urdu
hr 克罗地亚语 Croatian
bg 保加利亚语 Bulgarian
lt 立陶宛语 Lithuanian
la 拉丁语 Latin
mi 毛利语 Māori
ml 马拉雅拉姆语 Malayalam
cy 威尔士语 Welsh
sk 斯洛伐克语 Slovak
te 泰卢固语 Telugu
fa 波斯语 Persian
lv 拉脱维亚语 Latvian
bn 孟加拉语 Bangla
sr 塞尔维亚语 Serbian
az 阿塞拜疆语 Azerbaijani
sl 斯洛文尼亚语 Slovenian
kn 卡纳达语 Kannada
et 爱沙尼亚语 Estonian
mk 马其顿语 Macedonian
br 布列塔尼语 Breton
eu 巴斯克语 Basque
is 冰岛语 Icelandic
hy 亚美尼亚语 Armenian
ne 尼泊尔语 Nepali
mn 蒙古语 Mongolian
bs 波斯尼亚语 Bosnian
kk 哈萨克语 Kazakh
sq 阿尔巴尼亚语 Albanian
sw 斯瓦希里语 Swahili
gl 加利西亚语 Galician
mr 马拉地语 Marathi
pa 旁遮普语 Punjabi
si 僧伽罗语 Sinhala
km 高棉语 Khmer
sn 绍纳语 Shona
yo 约鲁巴语 Yoruba
so 索马里语 Somali
af 南非荷兰语 Afrikaans
oc 奥克语 Occitan
ka 格鲁吉亚语 Georgian
be 白俄罗斯语 Belarusian
tg 塔吉克语 Tajik
sd 信德语 Sindhi
gu 古吉拉特语 Gujarati
am 阿姆哈拉语 Amharic
yi 意第绪语 Yiddish
lo 老挝语 Lao
uz 乌兹别克语 Uzbek
fo 法罗语 Faroese
ht 海地克里奥尔语 Haitian Creole
ps 普什图语 Pashto
tk 土库曼语 Turkmen
nn 挪威尼诺斯克语 Norwegian Nynorsk
mt 马耳他语 Maltese
sa 梵语 Sanskrit
lb 卢森堡语 Luxembourgish
my 缅甸语 Burmese
bo 藏语 Tibetan
tl 他加禄语 Tagalog
mg 马拉加斯语 Malagasy
as 阿萨姆语 Assamese
tt 鞑靼语 Tatar
haw 夏威夷语 Hawaiian
ln 林加拉语 Lingala
ha 豪萨语 Hausa
ba 巴什基尔语 Bashkir
jw 爪哇语 Javanese
su 巽他语 Sundanese
"""


def _read(table: str) -> dict[str, tuple[str, str]]:
    rows = (line.split(" ", 2) for line in table.strip().splitlines())
    return {code: (zh, en) for code, zh, en in rows}


LANGUAGE_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(_read(_OWN) | _read(_CLDR))
"""Language tag → (Chinese name, English name)."""
