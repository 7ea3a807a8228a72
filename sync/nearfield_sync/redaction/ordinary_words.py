"""Words of everyday speech that lists of names hold too: English, in small letters."""

from __future__ import annotations

from typing import Final

from nearfield_sync.redaction.vocabulary import FUNCTION_WORDS, NUMBERS, ORDINALS, words_of

ORDINARY: Final = (
    FUNCTION_WORDS
    | NUMBERS
    | ORDINALS
    | words_of(
        """
    able account accountant add address age ago agrees aid alarm ale alert allowed along alot
    already alright although always angle anniversary annual another answer anymore anyone anything
    anyway apart apartment app appointment area around arrive arrived arrives arriving art ask asked
    asking asks asleep available away baby back bad banana bank bat bee bent best better big billing
    birth birthday black blocked blue board book booked booking boss bot bought box boy boyfriend
    brain brand break bring brother brown bucks building bus busier business busy buy bye cab cairo
    cake call called calling calls came cancel car card care cares carry cash ceo chance change
    check chicken children city class clean clinic close closed code coffee cold colleague come
    comes coming company confirm contact cook cool correct cost country course cousin crayon cup
    currently customer dad dance date daughter day days dead deal dear delta department desk desktop
    diet different dine dinner direct dis dish doctor's dog dollar door double downstairs drink
    drive driver due early easy eat edit else email employee end english enough eta euro even
    evening event ever everybody everyone everything exactly expected expecting expiration extension
    fare fares fast father fee feedback feel fidelity file filter fin find fine finish finished
    first fish fix flight floor fly food ford forget forgot forgotten forward found france free
    fresh friday friend friends frozen full game gap gas gave gay german get gets getting girl
    girlfriend give given go goes going gone good got grandma great green group guest guests guy
    half hall hand handling happy hard hare harm hasn't haven't head hear heard help high history
    hold holding holiday home hope hopefully horn hospital host hot hotel hour hours house hr
    hundred husband iban ice idea ill important information ins inside instead interested internet
    invoice ira irish ist italian jazz job join joining joke juice juices jus keep key kick kids
    kind kindly kitchen know ladies lady landed language large last late lately later learn leave
    leaves leaving left leftover leg lemme less let lets letter license life lift light like likes
    line lion list listen little live lives living loan lobby local location lock long look looking
    looks lost lot love low lunch machine made mail make makes making man manager manual map mar
    market married mart maybe meal meaning means medium meet meeting meets melting member men
    mentioned menu merit message messaged mi mile miles milk mines minute minutes miss missed
    missing mobile mom moment monday money month months morning mother mother's move moved moves
    movie movies music mymother nada name named nearby ned need needed needs never new news next
    nice night nine nobody none noon note nothing nowhere number numbers occupation offer offered
    office offline often old onboard one online open opera option order other otherwise outside owes
    own owns page paged paid paper parents park parked parking part partner party pass password
    pasta pay paycheck people per perfect perhaps person phone phoned pick picked pier ping pizza
    place plan plate play playlist plays pm pool pound prefers present president press price printer
    prior problem project public pull push put question quick quiet quit quite ran ray read reads
    ready really reason recently reception receptionist recipe red regarding remember remind
    reminder rename reply reservation responsible rest restaurant retired return right ring road
    roar room rooms running saga said salad sale same sang saturday sauce save saved saw say says
    school scraping seat second security see seem seems seen send sends sent service seven seventy
    shin shop short shoveling show sick side sign sir sister sit sits sitting situated six size
    sleep small smokes someone something sometimes son song soon sorry sort soup spa speak speaking
    speaks special spell spelled spelt spring staff standing stands start started starts station
    stay stays still stock stop store stormy story straight street stuck student stupid style
    substitute suddenly sugar sunday supposed sure surname swap sweet table take taken takes taking
    talk talking tall tax taxi tea team tell tells ten text texted thing things think thinks thirty
    though three thursday ticket tickets ties til time times tiny tired tires toast today together
    toilet told tomorrow tomorrow's tone tonight took top town traffic train travel traveling
    travelling trip true try trying tuesday tuna turn turned twelve twenty twice two ugly underneath
    unit unless upon upstairs urgently use used user usual usually vacation various vet via virgin
    virus visit visited visiting visitor wait waiting waits wake wakes walk walked want wanted wants
    warm watch water way wear weather wednesday week weekend weeks went whether while white whole
    wife wifi window wine wish within woman women wonderful word words work worked working works
    world worse worst write writes wrong wrote year years yen yesterday yet young yourself zenith
    zero
    """
    )
)
"""No rule takes these for a part of a name, unless somebody says that it is theirs."""

ALSO_WORDS: Final = words_of(
    """
    abbey africa alba alexa alfredo ally alma alpha amber amen america angel angela's angeles apollo
    april arena argentina aries art asa asia aspen atlanta august aurora austin autumn avery bailey
    baker barista basil bay beau bell bella belle benedict berlin beta beth bill bishop blanca blaze
    bliss blossom bond booker bosco boston brandy breeze brie brook brooke brooklyn buddy buster
    butler caesar cali california camellia candy cannon carol carolina carson casper chad champion
    chance chandler charity charlotte charm chase chelsea cherish cherry chevy china chip christian
    christmas cinnamon clay cleo cliff clover cody cole colt columbus constant cookie cooper cora
    coral cortana cream crew cruz crystal cuba cyan cyprus daisy dakota dale dallas dame dandelion
    dandy dane dash dawn dean delhi dell denim denny denny's denver desire destiny devon diamond
    dice diego dino dior dixie dock don dory dot drew duke dusty earl earnest east ebony echo eden
    edison elm elvis ember emerald england enterprise ernest essence eve ever faith falcon fern finn
    fiona's fisher flor flora florence florida flower forest forrest fox francisco frank franklin
    freedom friday fritz garnet gene genesis georgia german gift ginger glen gloria glory golden
    grace gracious grant gray grey guy hale hank harley harmony harper haven hazel heath heather
    heaven hector heinz henna hero hill holiday holland holly homer honest honey honor honour hope
    horizon houston hunter ida's imperial independence india indiana indigo iris israel italia ivory
    ivy jack jade jaguar jan jasmine java jay jean jeans jersey jet jewel job jock joey johns jordan
    joy jubilee jude julep july june junior juniper juno justice karma kay ken kenya kia king
    kingston kit kiwi knox kramer lake lance lane laurel lavender league legend les levi lexus
    liberty lily lima lincoln linen london lone lord lotus louisiana love luck lucky lux luxury mac
    madison madrid mae magic magnolia maine major malta man maple march marina mario mark market
    marsala marshal marshall mason matte maverick max may mayo mckinley mel melody memphis merced
    mercedes mercury mercy merit merry mexico micro mike milan miles milo mimosa mint mission misty
    modesto montana moon morocco moses mozart mystery nasa nat nature nevada nick nike noble noel
    norm nova oak ocean octavia odd olive ollie olympia olympic onyx opal oracle orchid oregon oreo
    orion orlando oscar oslo otter page panda pandora paris parker parsley pat patience peaches
    pearl peg penny pepper persia petal petunia philadelphia phoenix pilot pink pip piper poet polly
    poppy porsche porter portia power prada praise presley pretty primavera prince princess
    princeton prosper prudence queen quest rain rainbow rally ram randy ranger ravel raven ray red
    redmond reed regal reno rex rich rio river rob robin rock rocky rod roger roman rome romeo rosa
    rose rosemary rowan royal ruby rusty sage sahara sailor saint salem salmon salvador sandwich
    sandy santa saturn savannah scarlet scarlett scout sea sean's senior september sequoia serene
    serenity shannon shell shepherd sherry sierra silver siri skip sky skye skyler snow sol sonic
    sonny sparkle spencer spirit spring star starr sterling stew stone storm story sue sultan summer
    sun sundae sunday sunny surf sushi swan sydney syria tab tad taj taylor teal tech teddy
    temperance temple terra terry thai thor thunder tiffany tiger titan tod toledo topaz treasure
    tree trinity trip troy true truly trust tucker turner tyler unique unity urban usa valencia
    valentine valor van vanilla vat venice venus vera victor victoria vienna violet virginia vista
    wade walker warren wave wendy's west wheeler will willow wilson winner winter winters wisdom
    wolf wolfgang woody york zen zion
    """
)
"""Given names that are also words, places, months or brands: alone they are no name."""

WORD_SURNAMES: Final = words_of(
    """
    abbott archer baker banks barber bell berry bishop black brown burns bush butler carter chambers
    cole cook cooper cross fields fisher flowers ford foster fox frost gardner gibson grant gray
    green grey hall harper hart hayes hill holmes howard hunt hunter kennedy king knight lamb law
    lawrence lawson lord marsh marshall mason may mills moore moss murray nash nelson newman nichols
    noble norman north page palmer parker parsons payne pierce pope porter potter powell powers
    price reed reid reynolds rhodes rice rich rivers rose rowe sanders sharp shaw shepherd simpson
    snow spencer stone strong summers swift taylor thorn turner wade walker wallace walsh walters
    ward warren waters watson watts weaver webb webster wells west wheeler white wilkins williams
    wise wolf wood woods wright
    """
)
"""Surnames that are words too: they belong to the given name before them."""
