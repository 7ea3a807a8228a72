"""Words that decide what is personal and what is an ordinary question: English, in small letters."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MONTHS: Final = _words(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
ORDINALS: Final = _words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth st nd rd th"
)
FUNCTION_WORDS: Final = _words(
    """
    a an the this that these those my your his her its our their mine yours i you he she it we they me him us them
    i'm i've i'd i'll you're you've he's she's it's we're we've they're who whom whose what which where when why how
    and or but if because so than as of to in on at by for from with without about into onto over under after before
    between through during until till since up down out off near is am are was were be been being do does did done
    doing have has had having can could may might must shall should will would not no don't doesn't didn't isn't
    aren't wasn't can't couldn't won't wouldn't there here then now just only also too very again please thanks
    thank hello hi hey yes okay ok well some any all every each both either neither more most much many few 's
    """
)
ORDINARY: Final = FUNCTION_WORDS | _words(
    """
    able account add address ago alarm alert always another answer anything anyone app appointment around arrive
    arrived arriving ask asked available away baby back bad bank banana bee best better big birthday black blue
    board book booked booking boss bought box boy boyfriend break bring brother brown building bus business busy buy
    bye cab call called calling came cancel car card care carry cash change check children city class clean
    clinic close closed code coffee cold colleague come comes coming company confirm contact cook cool correct cost
    could country course cousin customer dad date daughter day days dead deal dear department desk diet different
    dinner direct dog dollar door double drink drive driver early easy eat else email employee end english enough euro
    even evening ever everybody everyone everything exactly fast father fee feel file find fine finish first fish
    fix flight floor fly food forget found free fresh friday friend friends full game gap gas gave gay german get
    gets getting girl girlfriend give given go goes going gone good got grandma great green group guest guests guy had
    half hand happy hard head hear heard help high him hold holiday home hope hospital host hot hotel hour hours house
    hundred husband ice idea important information inside interested internet invoice irish italian job join
    jus keep key kids kind kitchen know ladies lady language large last late later learn leave left less let lets
    letter license life lift light like likes line list listen little live lives living local location lock long look
    looking lost lot love low lunch machine made mail make makes making man manager map market married
    meaning means medium meet meeting member men message mile miles milk minute minutes miss missed mobile mom moment
    monday money month months morning mother move movie moved music name named near need needs never new news next nice
    night nine nobody none noon note nothing number numbers of office often old one open order other outside own page
    paid paper parents park parking part partner party pass password pay people perhaps person phone pick place
    plan plate play pm am pound present president press price printer problem project public put question quick quiet
    quite ran read ready really reason reception receptionist red remember remind reminder reply reservation rest
    restaurant return right ring road room rooms said sale same saturday save saw say says school seat second security
    see seem seen send sent service seven shall shop short show sick side sign sir sister sitting six size sleep
    small someone something sometimes son song soon sorry sort spa speak speaking special spell spelled spelt staff
    start started station stay still stop store story street student sugar sunday sure surname table take taken takes
    taking talk talking taxi tea team tell tells ten text than thing things think thirty three through thursday ticket
    tickets time times tired today together toilet told tomorrow tonight took top town train travel trip true try
    trying tuesday turn turned twelve twenty two ugly underneath unit use used user usual vacation visit visiting
    visitor wait waiting wake walk want wanted wants warm was watch water way wear weather wednesday week weekend
    weeks went white whole wife wifi window wine wish woman women wonderful word words work working works world worse
    worst would write wrong wrote year years yen yesterday yet young yourself zero
    agrees allowed already alright annual anymore arrives asks asking asleep birth blocked busier called calls cares
    currently expected expecting extension finished forgot forgotten frozen handling hasn't haven't holding ill joining
    landed left leaves leaving looks lately maybe meets mentioned messaged mine missing moves onboard online offline
    needed offered owes owns paged parked phoned picked plays prefers quit reads really recently responsible retired
    running says seems sends sits sit situated smokes speaks standing stands starts stays stuck supposed texted
    thinks tomorrow's traveling travelling upstairs downstairs urgently usually visited wait waits wakes walked
    whether while within worked writes
    anniversary apartment area cake chicken dance desktop dish doctor's event feedback filter france hall history
    hopefully jazz joke juice juices meal menu movies occupation opera option pasta pizza playlist recipe salad sauce
    soup stock story style sweet tax toast tone traffic virgin virus
    able along although anyway apart instead kindly later nearby nowhere otherwise perfect regarding straight
    stupid suddenly tall though twice unless upon various
    age aid ale alot art bat bent bot brain brand chance delta dine dis edit eta fare fares fidelity fin forward
    hare harm horn ins ist leg lemme lion loan manual mar mart merit mi mines mother's nada offer per pier ping pool
    prior pull push ray roar saga sang song spring store tuna tiny til vet via
    """
)
"""Words of everyday speech that no rule takes for a part of a name, unless somebody says that it is theirs."""

ALSO_WORDS: Final = _words(
    """
    abbey africa alexa alfredo ally alma alba alpha amber america amen angel angeles angela's apollo april arena
    argentina aries art asa asia aspen atlanta august aurora austin autumn avery bailey baker barista basil bay beau
    bell bella belle benedict berlin beta beth bishop blanca blaze bliss blossom bond booker bosco boston brandy breeze
    brie brook brooke brooklyn buddy buster butler caesar cali california camellia candy cannon carol carolina carson
    casper chad champion chance chandler charity charlie charlotte charm chase chelsea cherish cherry chevy china chip
    christian christmas cinnamon clay cleo cliff clover cody cole columbus constant cookie cooper cora coral cortana
    cream crew cruz crystal cuba cyan cyprus daisy dakota dale dallas dame dandy dandelion dash dawn dean delhi denim
    denver desire destiny devon diamond dice diego dino dior dixie dock don dory dot drew duke dusty earl earnest east
    ebony echo eden edison elm elvis emerald ember england enterprise ernest essence eve ever faith falcon fern
    finn fiona's fisher flor flora florence florida flower forest forrest fox francisco frank franklin freedom friday
    garnet gene genesis georgia german gift ginger glen gloria glory golden grace gracious grant gray grey guy hale
    harley harmony harper haven hazel heath heather heaven heinz henna hero hill holiday holland holly homer honest
    honey honor honour hope horizon houston hunter ida's imperial independence india indiana indigo iris israel italia
    ivory ivy jack jade jasmine java jaguar jersey jet jewel job jordan joy jubilee jude julep junior juniper juno june
    july justice karma kenya kia king kingston kit kiwi knox kramer lake lance lane laurel lavender league legend levi
    lexus liberty lily lima lincoln linen london lone lord lotus louisiana love luck lucky lux luxury mac madison madrid
    mae magnolia magic maine major malta man maple march mario marina mark market marsala marshal marshall mason
    matte maverick max may mayo mckinley melody memphis merced mercedes mercury mercy merit merry mexico micro mike
    milan miles milo mimosa mint mission misty modesto montana moon morocco moses mozart mystery nasa nat nature
    nevada nike noble noel nova oak ocean octavia odd olive olympia olympic onyx opal oracle orchid oregon oreo orion
    orlando oscar oslo otter page pandora panda paris parker parsley pat patience peaches pearl penny pepper
    persia petal petunia philadelphia phoenix pilot pink piper pip poet poppy porsche porter portia power prada praise
    presley pretty primavera princess prince princeton prosper prudence queen quest rain rainbow rally ram ranger raven
    ravel ray red redmond reed regal reno rex rich rio river rob robin rocky rock rod roger roman rome romeo rosa rose
    rosemary rowan royal ruby rusty sage sahara sailor saint salem salvador sandy santa saturn savannah scarlet scarlett
    scout sea senior september sequoia serene serenity shannon shell shepherd sherry sierra silver siri sky skip skye
    skyler snow sol sonic sonny sparkle spencer spirit spring star starr sterling stone storm story sue sultan
    summer sun sunday sunny surf swan sydney syria tab tad taj taylor teal tech temperance temple terra terry thai
    thor thunder tiffany tiger titan toledo topaz treasure tree trinity trip troy true truly trust tucker turner tyler
    unique unity urban usa valentine valencia valor van vanilla vat venice venus vera victor victoria vienna violet
    virginia vista walker warren wave west wheeler will willow wilson winner winter winters wisdom wolf wolfgang woody
    york zen zion bill jean jeans jersey jan jay joey pat peg robin rod sean's tony sally colt dane dell denny denny's
    fritz hank hector jock john johns jerry kay kelly ken lee les mel nick norm nike opal ollie polly randy
    salmon stew sandwich sundae sushi teddy tod tom victor wade wendy's york
    """
) - _words("charlie john tom tony jerry sally lee kelly")
"""Given names that are also words, places, months or brands: alone they are no name."""

PLACE_AFTER: Final = _words(
    """
    street st road rd avenue ave lane drive court square boulevard park bridge station hospital airport university
    college school museum stadium church cathedral day beach bay island islands lake mountain mountains river valley
    county hotel building tower centre center hall theatre theater arena library castle palace gardens zoo city
    province state desert canyon falls harbour harbor peninsula club foundation prize award cup clinic bank
    burger sandwich salad pizza cake tea coffee sauce wine beer whiskey whisky vodka cocktail perfume shoes
    """
)
"""After a name: what is named is a place or a thing."""

PLACE_BEFORE: Final = _words(
    "saint st lake mount mt fort port san santa new south north east west los las el cape point river hotel café cafe "
    "prince princess queen king president emperor pope lord planet hurricane team brand captain uncle aunt"
)
"""Before a name: what is named is a place, a ruler or a thing."""

PUBLIC_CUES: Final = _words(
    """
    song songs album albums band movie movies film films book books novel novels author wrote written directed
    director actor actress singer sings sang played playing play listen music track tracks artist concert tune
    playlist invented inventor discovered painted painter painting composed composer symphony president minister
    emperor starring lyrics famous celebrity biography poem poems poet show shows season episode series star
    won championship team scored goal goals elected quote quotes theory theorem philosophy wars
    """
)
"""Words of questions about public people, whose names are what is asked for."""

TITLES: Final = _words("mr mrs ms mx mister missus")
DETERMINERS: Final = _words(
    "the a an my your his her our their this that next last conference video phone no"
)
LOOSE_TITLES: Final = _words("miss doctor dr professor prof sir madam nurse officer father sister")
"""Titles that are words too: a name follows only where the lists know it."""

PARTICLES: Final = _words("de la del van von der den di da dos el al bin ibn ben mac mc o st du le")
RELATIONS: Final = _words(
    "wife husband son daughter brother sister mother father mom mum dad boss manager colleague friend partner doctor "
    "girlfriend boyfriend assistant neighbour neighbor uncle aunt grandmother grandfather cousin fiancé fiancée host "
    "coworker supervisor roommate nephew niece client customer guest secretary therapist dentist landlord teacher"
)
PERSON_VERBS: Final = _words(
    "call ring phone telephone tell ask email text message meet visit remind invite contact page notify thank "
    "calling meeting emailing texting reach inform facetime interview"
)
"""Verbs whose object is a person."""

UNITS: Final = _words(
    """
    percent dollar dollars pound pounds euro euros cent cents pence minute minutes hour hours second seconds day days
    week weeks month months year years people persons guests degrees celsius fahrenheit kilometres kilometers metres
    meters miles mile feet foot inches grams gram kilos kilo kilograms litres liters cups cup ounces o'clock am pm
    times plus minus divided multiplied calories points million billion thousand bucks lattes coffees teas pieces
    tablespoons teaspoons yen rupees star stars seats tickets bottles items inch bit bits gigabytes megabytes
    """
)
"""After a number: it counts something."""

STREETS: Final = _words(
    "street road avenue lane drive court place square boulevard way terrace close crescent highway row mews hill "
    "parkway circle st rd ave blvd strasse straße gardens grove quay alley walk trail turnpike wharf"
)
SURE_STREETS: Final = _words(
    "street road avenue lane boulevard terrace crescent mews parkway blvd rd ave strasse straße grove"
)
"""Words that make an address of whatever stands before them; the others need a number before."""

TOP_DOMAINS: Final = _words(
    "com org net edu gov info io dev app eu de fr us ca uk co ac ie nl es it ch at be pl se no dk fi pt au nz in biz me "
    "tv ai xyz online shop tech cloud"
)
