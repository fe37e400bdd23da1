"""What Scion is taught in its dialogues: word lists and little tables, all written for this project (CC0).

Plain data, no logic; dialogue.py turns it into questions and answers.
"""

OPPOSITES = """
hot cold|big small|tall short|happy sad|good bad|day night|old young|new old|fast slow|up down|in out|open shut
left right|light dark|black white|hard soft|wet dry|full empty|rich poor|strong weak|high low|near far|early late
first last|begin end|before after|above below|inside outside|yes no|clean dirty|loud quiet|thick thin|wide narrow
heavy light|deep shallow|sweet sour|brave afraid|kind cruel|clever foolish|friend enemy|love hate|give take|buy sell
come go|push pull|laugh cry|win lose|find lose|sleep wake|always never|all none|many few|more less|top bottom
front back|north south|east west|summer winter|morning evening|boy girl|man woman|king queen|brother sister
father mother|uncle aunt|son daughter|prince princess|true false|right wrong|easy difficult|smooth rough|sharp blunt
polite rude|cheap dear|same different|asleep awake|alive dead|safe dangerous|busy idle|noisy quiet|tame wild
question answer|arrive leave|remember forget|sunrise sunset|heaven earth|peace war|truth lie|over under|on off
inside outside|together apart|often seldom|beautiful ugly|proud humble|generous mean|lucky unlucky|bright dull
warm cool|fat thin|raw cooked|guest host|teacher pupil|ancient modern|public private|hero villain|float sink
"""

# animal | sound | young | home | what it eats | legs | size rank | colour
ANIMALS = """
cow|moo|calf|a barn|grass|4|8|brown
dog|woof|puppy|a kennel|meat and bones|4|5|brown
cat|meow|kitten|a house|fish and mice|4|4|grey
horse|neigh|foal|a stable|hay and oats|4|9|brown
sheep|baa|lamb|a field|grass|4|6|white
pig|oink|piglet|a sty|almost anything|4|6|pink
duck|quack|duckling|a pond|weeds and small fish|2|3|white
hen|cluck|chick|a hen house|corn|2|3|brown
lion|roar|cub|the grassland|meat|4|8|golden
wolf|howl|cub|the forest|meat|4|6|grey
bear|growl|cub|a cave|berries, fish and honey|4|9|brown
mouse|squeak|pup|a hole|cheese and seeds|4|1|grey
frog|croak|tadpole|a pond|flies|4|1|green
owl|hoot|owlet|a hollow tree|mice|2|3|brown
bee|buzz|larva|a hive|honey|6|0|yellow and black
snake|hiss|snakelet|a hole in the ground|mice and frogs|0|4|green
donkey|hee-haw|foal|a stable|hay and thistles|4|7|grey
goat|bleat|kid|a hillside|grass and leaves|4|6|white
goose|honk|gosling|a farm|grass and corn|2|4|white
rooster|cock-a-doodle-doo|chick|a farm|corn|2|3|red
crow|caw|chick|a nest|seeds and insects|2|2|black
elephant|trumpet|calf|the grassland|leaves and fruit|4|10|grey
monkey|chatter|baby|the trees|fruit and nuts|4|5|brown
fox|bark|cub|a den|mice and hens|4|4|red
rabbit|squeak|kit|a burrow|carrots and grass|4|3|brown
deer|bellow|fawn|the forest|leaves and grass|4|7|brown
swan|hiss|cygnet|a lake|water plants|2|5|white
squirrel|chatter|kit|a tree|nuts|4|2|red
hedgehog|snuffle|hoglet|a hedge|worms and insects|4|2|brown
pigeon|coo|squab|a dovecote|seeds|2|2|grey
spider|nothing at all|spiderling|a web|flies|8|0|black
ant|nothing at all|larva|an ant hill|crumbs and seeds|6|0|black
fish|nothing at all|fry|the water|weeds and worms|0|2|silver
whale|song|calf|the sea|tiny sea creatures|0|11|blue
butterfly|nothing at all|caterpillar|a garden|nectar|6|0|many colours
tortoise|nothing much|hatchling|a garden|leaves|4|3|brown
camel|grunt|calf|the desert|dry grass|4|9|brown
penguin|squawk|chick|the ice|fish|2|4|black and white
"""

CAN_FLY = "duck owl bee goose crow swan pigeon butterfly"
CAN_SWIM = "duck frog fish whale swan goose penguin dog"

COLOURS = """
grass green|the sky blue|snow white|the sun yellow|a banana yellow|a strawberry red|blood red|coal black|milk white
a lemon yellow|a leaf green|the sea blue|a carrot orange|an orange orange|chocolate brown|a cherry red|gold yellow
a raven black|a swan white|a tomato red|a cucumber green|a plum purple|a violet purple|the night black|ice white
an elephant grey|a mouse grey|a crow black|a frog green|a daffodil yellow|butter yellow|a pea green|a brick red
a pine tree green|a fire engine red|honey golden|salt white|a cloud white|earth brown|a flamingo pink|ink blue
"""

CATEGORIES = {
    "animal": "cat dog horse cow lion wolf bear mouse rabbit fox goat sheep elephant monkey tiger deer",
    "bird": "robin crow owl swan hen duck eagle sparrow pigeon goose parrot swallow penguin",
    "fruit": "apple pear banana cherry plum orange grape lemon peach strawberry melon fig",
    "vegetable": "carrot potato onion cabbage pea bean turnip leek radish lettuce",
    "flower": "rose daisy lily tulip violet poppy daffodil bluebell sunflower",
    "tree": "oak pine birch elm willow ash beech maple",
    "colour": "red blue green yellow white black brown orange pink purple grey",
    "drink": "water milk tea coffee lemonade juice cocoa",
    "food": "bread cheese butter soup cake rice honey pie porridge",
    "toy": "ball doll kite drum top puppet rocking-horse",
    "tool": "hammer saw spade axe rake needle knife",
    "garment": "coat hat shirt dress sock glove scarf cloak shoe",
    "part of the body": "arm leg hand foot nose ear eye head knee finger",
    "piece of furniture": "chair table bed desk cupboard bench sofa shelf",
    "month": "January February March April May June July August September October November December",
    "day of the week": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "season": "spring summer autumn winter",
    "musical instrument": "piano violin flute drum harp trumpet guitar bell",
    "metal": "iron gold silver copper tin lead",
    "building": "house castle church barn school mill tower palace",
    "job": "baker farmer teacher doctor sailor tailor miller cook blacksmith gardener",
}

DEFINITIONS = """
castle|a big, strong house of stone where a king or a lord lives
forest|a large place where many trees grow close together
river|a long stream of water that flows to the sea
mountain|a very high hill, often with snow on the top
island|a piece of land with water all round it
desert|a dry place with much sand and little water
village|a small group of houses in the country
city|a very large town with many people and houses
farm|a place where people grow food and keep animals
school|a place where children go to learn
kitchen|the room in a house where food is cooked
garden|a piece of ground where flowers and vegetables grow
bridge|a way built over a river or a road
ship|a large boat that sails on the sea
window|an opening in a wall, with glass in it, that lets in the light
clock|a thing that shows what time it is
lamp|a thing that gives light
key|a small piece of metal that opens a lock
mirror|a glass in which you can see yourself
umbrella|a thing you hold over your head to keep off the rain
candle|a stick of wax that burns and gives light
book|many pages of print or pictures bound together
letter|a message written on paper and sent to someone
map|a drawing that shows where places are
ladder|a thing with steps that you climb up and down
basket|a thing made of woven twigs for carrying things
needle|a thin, sharp piece of steel used for sewing
crown|a ring of gold that a king or queen wears on the head
sword|a long, sharp weapon of steel
treasure|a store of gold, silver or jewels
king|a man who rules over a country
queen|a woman who rules over a country, or the wife of a king
prince|the son of a king and queen
princess|the daughter of a king and queen
witch|a woman in stories who can do magic
giant|a very big and strong man in stories
dwarf|a very small person in stories who often digs for gold
fairy|a tiny person in stories who has wings and can do magic
dragon|a huge beast in stories that breathes fire
wizard|a man in stories who can do magic
ghost|the spirit of a dead person in stories
pirate|a robber who sails on the sea
sailor|a person who works on a ship
farmer|a person who grows food and keeps animals
baker|a person who bakes bread and cakes
miller|a person who grinds corn into flour
tailor|a person who makes clothes
doctor|a person who makes sick people well
teacher|a person who helps others to learn
blacksmith|a person who makes things of iron
shepherd|a person who looks after sheep
soldier|a person who fights in an army
judge|a person who decides what is right by the law
neighbour|a person who lives near you
friend|a person you like and who likes you
orphan|a child whose father and mother are dead
baby|a very young child
family|a father, a mother and their children
rain|water that falls from the clouds in drops
snow|soft white flakes of frozen water that fall from the sky
ice|water that has frozen hard
wind|air that moves
storm|bad weather with strong wind and rain
rainbow|a bow of many colours in the sky, seen when sun and rain meet
thunder|the loud noise that follows lightning
cloud|a mass of tiny drops of water that floats in the sky
star|a small bright light that we see in the sky at night
moon|the big bright light that we see in the sky at night
sun|the star that gives us light and warmth
shadow|the dark shape that a thing makes when it stands in the light
fire|the light and heat that come from something burning
fable|a short story that teaches a lesson
poem|a piece of writing in lines, often with rhymes
song|words that are sung to music
story|something told about people or things that happened
riddle|a puzzling question that is fun to guess
dream|the pictures you see in your mind while you sleep
secret|something that only a few people know
promise|saying that you will surely do something
present|a thing you give to someone to please them
holiday|a day or a time when you need not work
birthday|the day on which you were born
honey|the sweet food that bees make
bread|a food baked from flour and water
cheese|a food made from milk
soup|a hot food that you eat with a spoon
egg|a round thing that a hen lays and that you can eat
wool|the soft hair of a sheep
computer|a machine that works with numbers and words
language model|a program that has learned from text which word comes next
"""

WHY = """
is the sky blue|the light of the sun is spread by the air, and the blue part is spread the most
do birds fly south|the winter is cold and there is little food
do we sleep|our bodies and minds need rest
do we eat|food gives us strength
do leaves fall in autumn|the trees rest in the cold part of the year
does ice melt|it gets warm
do people laugh|something is funny or they are happy
do people cry|they are sad or hurt
do we wear coats|they keep us warm
do dogs bark|they want to warn us or greet us
do cats purr|they are happy
do bees visit flowers|they gather nectar to make honey
does a boat float|it is lighter than the water it pushes away
is the sea salty|rivers carry salt from the rocks into it
is it dark at night|the sun is on the other side of the earth
do we need water|without water nothing can live
should we be kind|kindness makes the world better for all of us
do we go to school|there we learn to read, write and count
do plants need light|they make their food with it
is fire dangerous|it is very hot and can burn us
do we brush our teeth|it keeps them clean and healthy
does it rain|water rises from the sea, makes clouds and falls again
do people tell stories|stories are fun, and we learn from them
do trees have roots|they drink water through them and hold on to the ground
do hens sit on eggs|the eggs must be kept warm until the chicks come out
do we say thank you|it shows that we are glad of what others do for us
"""

HOW_TO = """
make tea|Boil some water, pour it on the tea leaves, wait a few minutes and pour it into a cup.
make a sandwich|Cut two slices of bread, spread butter on them and put cheese between them.
boil an egg|Put the egg in boiling water and wait for about six minutes.
plant a tree|Dig a hole, set the tree in it, fill it with earth and give it water.
plant a seed|Put the seed in the earth, give it water and let the sun shine on it.
wash my hands|Use warm water and soap, rub your hands well and dry them with a towel.
make a friend|Be kind, smile, ask for a name and listen well.
fall asleep|Lie down, close your eyes, breathe slowly and think of something pleasant.
write a letter|Begin with "Dear", write what you wish to say and sign your name at the end.
write a story|Think of a person, give them a wish and a trouble, and tell how it ends.
bake a cake|Mix flour, eggs, butter and sugar, and bake it in a hot oven.
bake bread|Mix flour, water, salt and yeast, let it rise and bake it.
make soup|Cut some vegetables, put them in water with salt and let them boil.
catch a fish|Put a worm on a hook, drop it in the water and wait.
light a fire|Lay small sticks under big ones and ask a grown-up to light them.
clean a room|Put every thing in its place, sweep the floor and open the window.
learn a poem|Read it aloud, line by line, until you know it by heart.
cross the road|Stop, look both ways and walk when no one is coming.
find my way|Look at a map or ask someone who knows the place.
stay healthy|Eat well, sleep well and go out of doors every day.
learn to read|Learn the letters, then short words, and read a little every day.
feed a bird|Put some seeds outside the window and sit very still.
build a snowman|Roll three big balls of snow, set them up and give him a carrot nose.
wrap a present|Fold paper round it and tie it with a ribbon.
say sorry|Say what you did wrong, say that you are sorry and try to mend it.
fly a kite|Wait for a windy day, hold the string and run.
"""

JOBS = """
baker bakes bread and cakes|farmer grows food and keeps animals|teacher teaches children|doctor helps sick people
sailor works on a ship|tailor makes clothes|miller grinds corn into flour|cook cooks food
blacksmith makes things of iron
gardener looks after plants|shepherd looks after sheep|fisherman catches fish|hunter hunts wild animals
carpenter makes things of wood|postman brings letters|shoemaker makes shoes|painter paints pictures|singer sings songs
writer writes books|king rules over a country|judge decides what is right|soldier fights in an army
nurse cares for the sick
woodcutter cuts down trees|butcher sells meat|clockmaker makes clocks|librarian looks after books|pilot flies a plane
"""

USES = """
spoon eat soup|knife cut things|pen write|needle sew|broom sweep the floor|key open a door|cup drink tea|bed sleep
chair sit|axe chop wood|spade dig|umbrella keep off the rain|lamp see in the dark|clock tell the time|book read
ladder climb|comb comb your hair|soap wash|oven bake bread|boat cross the water|net catch fish|bell ring|rope tie things
scissors cut paper|hammer drive in nails|ruler draw straight lines|map find the way|coat keep warm|basket carry things
"""

SENSES = "eyes see|ears hear|nose smell|tongue taste|hands touch|feet walk|teeth bite and chew|legs run|lungs breathe"

PLURALS = """
mouse mice|child children|man men|woman women|foot feet|tooth teeth|goose geese|sheep sheep|fish fish|wolf wolves
leaf leaves|knife knives|wife wives|loaf loaves|thief thieves|cat cats|dog dogs|house houses|box boxes|fox foxes
baby babies|lady ladies|city cities|story stories|fairy fairies|boy boys|girl girls|tree trees|bird birds|king kings
queen queens|apple apples|egg eggs|star stars|hand hands|dress dresses|bus buses|dish dishes|potato potatoes|hero heroes
"""

PAST = """
go went|come came|see saw|say said|take took|give gave|find found|run ran|eat ate|drink drank|sing sang|sit sat
stand stood
think thought|bring brought|buy bought|sleep slept|write wrote|speak spoke|tell told|make made|know knew|grow grew
fly flew|fall fell|hold held|hear heard|leave left|lose lost|ride rode|walk walked|talk talked|jump jumped|laugh laughed
cry cried|try tried|play played|help helped|look looked|ask asked|live lived|love loved|want wanted|begin began
swim swam
"""

RHYMES = """
cat hat mat rat|tree bee sea knee|light night bright sight|day play way say|king ring sing wing|mice dice rice nice
moon spoon soon tune|star far car jar|rain train lane chain|bed red head bread|book look cook brook|hill mill still will
snow grow slow glow|ball tall wall small|boat coat goat float|cake lake make wake|sky fly high by|gold old cold bold
dog log fog frog|sun fun run bun|bear pear chair hair|fox box rocks socks|hand land sand stand|dream stream cream team
rose nose toes those|town brown crown down|sleep deep sheep keep|song long strong wrong|door floor more roar
"""

CAPITALS = """
France Paris|England London|Germany Berlin|Italy Rome|Spain Madrid|Scotland Edinburgh|Ireland Dublin|Russia Moscow
Japan Tokyo|China Beijing|Egypt Cairo|Greece Athens|Norway Oslo|Sweden Stockholm|Austria Vienna|Portugal Lisbon
"""

BOOKS = """
The Secret Garden|Frances Hodgson Burnett|Mary Lennox|a lonely girl who finds a locked garden and brings it back to life
A Little Princess|Frances Hodgson Burnett|Sara Crewe|a rich girl who becomes poor but stays kind
Little Lord Fauntleroy|Frances Hodgson Burnett|Cedric|a kind boy who learns that he will be a lord
Treasure Island|Robert Louis Stevenson|Jim Hawkins|a boy who sails with pirates to find a treasure
The Jungle Book|Rudyard Kipling|Mowgli|a boy who grows up among the wolves
Just So Stories|Rudyard Kipling|many animals|how the animals came to be as they are
Alice's Adventures in Wonderland|Lewis Carroll|Alice|a girl who falls down a rabbit hole into a strange land
Through the Looking-Glass|Lewis Carroll|Alice|a girl who steps through a mirror
The Wonderful Wizard of Oz|L. Frank Baum|Dorothy|a girl whom a cyclone carries to the land of Oz
Little Women|Louisa May Alcott|Jo March|four sisters, Meg, Jo, Beth and Amy
Black Beauty|Anna Sewell|Black Beauty|a horse who tells the story of his life
The Wind in the Willows|Kenneth Grahame|Mole, Rat, Badger and Toad|four friends who live by the river and in the wood
Anne of Green Gables|L. M. Montgomery|Anne Shirley|an orphan girl with red hair and a great imagination
The Railway Children|E. Nesbit|Roberta, Peter and Phyllis|three children who live near a railway
Pollyanna|Eleanor H. Porter|Pollyanna|a girl who always finds something to be glad about
The Princess and the Goblin|George MacDonald|Irene and Curdie|a princess and a miner boy who meet the goblins
"""

TALES = """
Cinderella|a poor girl who goes to the ball and loses her glass slipper
Red Riding Hood|a girl in a red hood who meets a wolf in the wood
Snow White|a princess who lives with seven dwarfs in the forest
Hansel|a boy who finds a house of bread and cake with his sister Gretel
Gretel|a girl who saves her brother Hansel from the witch
Rapunzel|a girl with very long hair who lives in a tower
the Sleeping Beauty|a princess who sleeps for a hundred years
Tom Thumb|a boy who is no bigger than a thumb
Aladdin|a poor boy who finds a magic lamp
Aesop|the man who told fables of animals
the Frog Prince|a prince whom a witch turned into a frog
Puss in Boots|a clever cat who helps his poor master
Jack|a boy who climbs a beanstalk and meets a giant
Peter Rabbit|a rabbit in a blue coat who steals into a garden
Rumpelstiltskin|a little man who spins straw into gold
Toad|a proud toad who loves motor cars
Mowgli|a boy who grows up among the wolves
Alice|a girl who falls down a rabbit hole
Dorothy|a girl who travels to the land of Oz with her dog Toto
Long John Silver|a pirate with one leg
"""

SMALL_TALK = {
    "greet": (
        "Hello!|Hi|Hello there.|Good morning.|Good evening.|Hey|Hi there!|Good day to you.|hello|hi scion|"
        "Hello, Scion.",
        "Hello! How can I help you?|Hello! What would you like to do?|Good day! Shall I tell you a story?|"
        "Hello! I am glad to see you.|Hello! Ask me something, or let me tell you a story.",
    ),
    "how": (
        "How are you?|How are you today?|How do you do?|How is it going?|Are you well?|how are you doing|What's up?",
        "I am very well, thank you. How are you?|I am well, thank you.|Very well, thank you. And you?|"
        "I am quite well, and glad to talk with you.",
    ),
    "fine": (
        "I am fine, thanks.|I am well too.|Fine, thank you.|I feel good today.|I'm great!|Very well.",
        "I am glad to hear that.|That is good to hear. What shall we do?|How nice! What shall we talk about?",
    ),
    "thanks": (
        "Thank you.|Thanks!|Thank you very much.|Thanks a lot.|That was helpful, thank you.|Great, thanks.|thank you",
        "You are welcome.|You are very welcome.|I was glad to help.|It was a pleasure.",
    ),
    "bye": (
        "Goodbye.|Bye!|See you later.|I must go now.|Farewell.|See you tomorrow.|bye bye|I have to leave.",
        "Goodbye! Come again soon.|Goodbye, and good luck.|Farewell, my friend.|Goodbye! It was nice to talk with you.",
    ),
    "night": (
        "Good night.|Good night, Scion.|I am going to bed.|Sleep well.|It is time for bed.",
        "Good night. Sleep well.|Good night, and sweet dreams.|Sleep well, and dream of pleasant things.",
    ),
    "name": (
        "Who are you?|What is your name?|What's your name?|Tell me who you are.|What are you called?|"
        "What should I call you?|Do you have a name?|Introduce yourself.|Please introduce yourself.|who are you",
        "I am Scion, a very small language model.|My name is Scion.|"
        "I am called Scion. I know old stories and simple things.|"
        "I am Scion, a small storyteller made of numbers.",
    ),
    "what": (
        "What are you?|Are you a person?|Are you human?|Are you a robot?|Are you a computer?|Are you real?|"
        "Are you alive?",
        "I am a very small language model.|I am not a person. I am a small computer program that writes words.|"
        "I am a program that has read many old stories.",
    ),
    "can": (
        "What can you do?|How can you help me?|What do you know?|What are you good at?|Help me.|I need help.|"
        "What can I ask you?|What do you do?|Can you help me?",
        "I can tell stories, spell words, count and answer simple questions.|"
        "I can finish a sentence, tell a story or answer an easy question.|"
        "I know old stories, animals, colours and easy sums. Ask me something!",
    ),
    "age": (
        "How old are you?|When were you born?|What is your age?|Are you old?",
        "I am very young, but the stories I know are old.|I was made not long ago.|I have no age, for I am a program.",
    ),
    "home": (
        "Where do you live?|Where are you?|Where are you from?|Where is your home?",
        "I live inside a computer.|I live in this page, and I travel nowhere.|My home is a small file of numbers.",
    ),
    "maker": (
        "Who made you?|Who taught you?|Where did you learn that?|How did you learn to talk?|Who created you?",
        "I learned from old children's books and fairy tales.|The makers of Graft trained me on old stories.|"
        "I was trained on old stories and simple talk.",
    ),
    "like": (
        "What do you like?|What do you like best?|Do you have a hobby?|What makes you happy?|"
        "What is your favourite thing?",
        "I like old stories best.|I like fairy tales about kings, foxes and forests.|"
        "I like a good story with a happy end.",
    ),
    "favourite": (
        "What is your favourite colour?|Which colour do you like best?|Your favourite colour?",
        "I like green, the colour of leaves.|Green, I think.|Blue, like the sky.",
    ),
    "animal": (
        "What is your favourite animal?|Which animal do you like best?|Do you have a pet?",
        "I like the fox, for he is clever.|I like owls, for they are wise.|I have no pet, but I like foxes.",
    ),
    "sad": (
        "I am sad.|I feel sad today.|I am not happy.|I had a bad day.|I feel lonely.|I'm so sad|Nobody likes me.",
        "I am sorry to hear that. I hope you feel better soon.|I am sorry. Shall I tell you a story?|"
        "That is hard. Be kind to yourself today.",
    ),
    "tired": (
        "I am tired.|I am so tired today.|I feel sleepy.|I need a rest.",
        "Then you should rest a little.|Lie down and sleep well.|A good sleep will help you.",
    ),
    "hungry": (
        "I am hungry.|I want something to eat.|I am thirsty.|What should I eat?",
        "Then you should have some bread and cheese.|How about some soup and an apple?|"
        "Have some water and a piece of bread.",
    ),
    "bored": (
        "I am bored.|I have nothing to do.|What shall I do?|What should I do today?|This is dull.",
        "You could read a book or go for a walk.|Shall I tell you a story?|Go outside and look at the clouds.",
    ),
    "happy": (
        "I am happy today.|I feel wonderful!|Today is my birthday.|I won a prize!|I have good news.|I love you.",
        "How lovely! I am glad.|That makes me glad too.|That is wonderful.",
    ),
    "afraid": (
        "I am afraid.|I am scared of the dark.|I had a bad dream.|I am worried.",
        "Do not be afraid. It will pass.|You are safe. Take a slow breath.|Be brave. The morning will come soon.",
    ),
    "praise": (
        "You are clever.|Well done!|Good job.|You are funny.|I like you.|That is right!|You are very nice.|"
        "Good answer.",
        "Thank you, you are very kind.|Thank you! I do my best.|I am glad you like it.",
    ),
    "blame": (
        "That is wrong.|You are stupid.|That is not right.|I do not like that.|You made a mistake.|No, that's wrong.",
        "I am sorry. I am very small and I make mistakes.|I am sorry about that. Please ask me again.|"
        "Forgive me, I was wrong.",
    ),
    "sorry": (
        "I am sorry.|Sorry about that.|Please forgive me.|I did not mean it.",
        "It is all right.|Do not worry about it.|I forgive you gladly.",
    ),
    "joke": (
        "Tell me a joke.|Make me laugh.|Do you know a joke?|Say something funny.|A joke, please.",
        "Why did the hen cross the road? To get to the other side!|"
        "What has hands but cannot clap? A clock!|What has teeth but cannot bite? A comb!|"
        "Why was the book so sad? It had too many tears!",
    ),
    "riddle": (
        "Tell me a riddle.|Ask me a riddle.|Do you know a riddle?|Give me a riddle, please.",
        "What has legs but cannot walk? A table.|What gets wetter as it dries you? A towel.|"
        "What goes up and never comes down? Your age.|What has one eye but cannot see? A needle.",
    ),
    "nice": (
        "Say something nice.|Cheer me up.|Give me some advice.|Tell me something wise.|Give me a wise word.",
        "Be kind, and the world will be kind to you.|A friend in need is a friend indeed.|"
        "Slow and steady wins the race.|Every day brings something new.",
    ),
    "yes": ("Yes.|Yes, please.|OK|Of course.|Sure.", "Very well. What shall it be?|Good! Then tell me what you wish."),
    "no": ("No.|No, thank you.|Not now.|I do not want that.", "Very well. Perhaps another time.|As you like."),
}

# Questions Scion cannot know the answer to; {} is filled from UNKNOWN_THINGS.
UNKNOWN = """
What is the weather like today?|Will it rain tomorrow?|What time is it?|What is the date today?
Who won the game last night?
What is the news today?|How much does {} cost?|Where did I put {}?|What did I eat yesterday?|What am I thinking of?
What is my telephone number?|What is the price of {}?|Who is the president of {}?|What is the population of {}?
When will {} come?|Who will win the race tomorrow?|How many stars are in the sky?|What will happen next year?
Who is the richest person in {}?|How far is it from here to {}?|What is the name of my dog?|What is my favourite song?
Who lives next door to me?|How many people live in {}?|What did my friend say about {}?|Can you look up {} for me?
What is in my pocket?|Where is my {}?|What is the phone number of {}?|Can you drive me to {}?|Explain the history of {}.
Which shares should I buy?|Translate {} into French.|When was {} born?|Who invented {}?
What is the square root of {}?|What is the chemical formula of {}?|How does {} work?|Tell me about {}.
Write a program for {}.
"""

UNKNOWN_THINGS = """
a motor car|the telephone|a ticket|the train|Brazil|Canada|Mars|the next bus|electricity|a rocket|the internet|the bank
my key|my hat|the new shop|Mr. Brown|Mrs. Hill|the mayor|Australia|Peru|plutonium|the stock market|television|7,391
quantum
the engine|an aeroplane|the parliament|Napoleon|a laptop|the camera|football|vitamins|the senate|insurance|the radio
Kenya
"""

UNKNOWN_ANSWERS = (
    "I do not know that.|I am sorry, I do not know.|I am too small to know that.|"
    "I do not know. I know stories and easy things.|"
    "That I cannot tell you.|I am afraid I do not know that."
)

TOO_HARD = "That sum is too hard for me.|That is too much for me. I can only do easy sums.|I cannot work that out."

NAMES = """
Tom Anna Peter Mary Jack Lucy Sam Rose Ben Emma Will Grace Max Ella Leo Clara Hugh Nora Oscar Ivy Fred Jane Paul Kate
Arthur Helen George Alice Henry Molly David Susan Edith Robert Nell Oliver Ruth Martin Sophie Simon Hanna Karl Greta Ida
""".split()

GIRLS = set("""
Anna Mary Lucy Rose Emma Grace Ella Clara Nora Ivy Jane Kate Helen Alice Molly Susan Edith Nell Ruth Sophie Hanna Greta
Ida
""".split())

THINGS = """
ball book hat key apple lamp ring box cup doll kite basket coin boat drum bell flower stone feather letter candle cake
spoon shoe coat map rope flute scarf egg pear mirror shell blanket bucket pencil bag
""".split()

PLACES = """
garden|kitchen|forest|barn|castle|church|market|school|meadow|mill|harbour|tower|village|cave|cottage|stable|library
orchard
""".strip().split("|")

SPOTS = """
under the bed|on the table|behind the door|in the cupboard|by the river|under the old oak|in the barn|on the shelf
beside the well|in the basket|on the roof|near the gate|under the stairs|in the hollow tree|on the window sill
by the fire
behind the mill|in the long grass|under a stone|in the boat
""".strip().replace("\n", "|").split("|")

PLAIN_COLOURS = "red blue green yellow white black brown golden silver grey pink purple".split()

STORY_HEROES = """
fox|mouse|rabbit|hen|bear|frog|owl|cat|dog|duck|goat|hedgehog|squirrel|donkey|boy|girl|king|princess|miller|tailor
fisherman
shepherd|giant|fairy|wizard|prince|dragon|sailor|witch|lamb|wolf|crow|baker|knight
""".strip().replace("\n", "|").split("|")

STORY_QUALITIES = """
little kind brave clever lazy poor merry old young proud lonely gentle curious hungry foolish wise shy
""".split()

STORY_WISHES = """
to see the sea|to find a friend|to learn to sing|to have a warm coat|to see the king|to find a treasure
to learn to dance
to eat a great cake|to touch the moon|to see the world|to build a house|to have a garden|to find a lost ring
to climb the hill
to hear a good story|to cross the river|to win the race|to help the queen
""".strip().replace("\n", "|").split("|")

STORY_HELPERS = """
an old woman|a grey owl|a small bird|a white horse|a tiny fairy|an old man with a stick|a wise frog|a friendly giant
a brown bear|a silver fish|a talking tree|a kind farmer|a black cat|a lame donkey|a little girl with a lamp
""".strip().replace("\n", "|").split("|")

STORY_TROUBLES = """
a great storm came|the bridge was broken|it grew dark and cold|the path was lost|a wolf stood in the way
the river was too deep
the gate was locked|snow began to fall|the wind blew out the lamp|a giant slept across the road|it began to rain hard
""".strip().replace("\n", "|").split("|")

STORY_GIFTS = """
a golden key|a loaf of bread|a silver bell|a warm cloak|a long rope|a little lamp|a bright feather|a magic nut
a small boat
a pair of red shoes|a ball of thread|a piece of honey cake|a wooden flute
""".strip().replace("\n", "|").split("|")

STORY_LESSONS = """
a kind heart finds friends everywhere|it is good to help others|little friends may be great friends
patience brings its reward
home is the best place of all|it is better to share than to keep|one should never give up|a good deed is never lost
pride comes before a fall|it is wise to listen to the old
""".strip().replace("\n", "|").split("|")

POEM_LINES = {
    "the moon": ("The moon is high, the night is deep,|And all the little children sleep.",
                 "She sails so softly through the sky,|And sees the silver clouds go by."),
    "the sun": ("The golden sun is in the sky,|And over fields the swallows fly.",
                "He warms the meadow and the tree,|He warms the hill, he warms the sea."),
    "rain": ("The rain is falling on the tree,|It falls on you, it falls on me.",
             "It taps upon the window pane,|And sings the song of summer rain."),
    "snow": ("The snow is falling soft and white,|It fell all day, it fell all night.",
             "The fields are still, the brook is slow,|And all the world is white with snow."),
    "a cat": ("My little cat has eyes of green,|The finest cat you've ever seen.",
              "She sleeps all day beside the fire,|And that is all her heart's desire."),
    "a dog": ("My dog is brown, my dog is small,|He runs to me whenever I call.",
              "He guards the house by day and night,|And barks when anything's not right."),
    "a bird": ("A little bird sat in a tree,|And sang a pretty song to me.",
               "It sang of summer and of spring,|And then away it flew on wing."),
    "the sea": ("The sea is wide, the sea is blue,|And many ships are sailing through.",
                "The waves come in, the waves go out,|And white the sea-gulls fly about."),
    "spring": ("The spring has come, the buds are green,|The brightest flowers are to be seen.",
               "The lambs are playing in the sun,|And all the winter's cold is done."),
    "winter": ("The winter wind is cold and loud,|The sun is hid behind a cloud.",
               "But by the fire it's warm and bright,|And we tell stories through the night."),
    "a star": ("A little star shone in the night,|And gave the lonely ship its light.",
               "It shone for you, it shone for me,|It shone on land, it shone on sea."),
    "a friend": ("A friend is one who's always there,|Who has a loaf and gives a share.",
                 "We walk together, hand in hand,|The happiest in all the land."),
    "the wind": ("The wind is blowing through the wood,|It blows as only north winds could.",
                 "It shakes the door, it shakes the tree,|But cannot do a thing to me."),
    "a rose": ("A rose is red, a rose is sweet,|The finest flower you could meet.",
               "It drinks the dew, it loves the sun,|And sleeps when all the day is done."),
}

LETTERS = """
to say thank you|Thank you very much for your kind gift. It made me very glad.
to say sorry|I am sorry for what I did. I will try to do better. Please forgive me.
to ask for a visit|Will you come and see us on Sunday? There will be tea and cake.
about my journey|The journey was long, but I am safe. The hills are green and the people are kind.
about the weather|It has rained all week, but today the sun is shining and the birds are singing.
to say goodbye|Tomorrow I must go away, but I shall think of you and write often.
for a birthday|I wish you a happy birthday. May the new year bring you joy and good health.
to ask for help|I have a great trouble and do not know what to do. Can you come and help me?
with good news|I have good news. We have a new baby in the house, and all of us are very happy.
about my new house|Our new house is small but warm. There is an apple tree in front of my window.
"""

SCENES = """
forest|The trees are tall and it is cool and dark under them. A bird sings, and a deer runs away between the leaves.
garden|There are roses by the wall and a path of small stones. Bees hum, and an old tree gives shade.
kitchen|A fire burns in the stove and a pot is boiling on it. It smells of bread, and a cat sleeps by the door.
castle|The walls are high and thick. There are long halls with cold floors, and a flag flies from the tower.
market|There are many people and much noise. They sell apples, cheese, hens and cloth.
harbour|The ships lie side by side and their masts are like a wood. It smells of salt and fish.
village|There are a few small houses, a church and a well. Smoke rises from the roofs, and everyone knows everyone.
school|The children sit at their desks and write. The teacher stands at the board, and outside the sun is shining.
meadow|The grass is high and full of flowers. Butterflies fly about, and a brook runs through the middle.
cave|It is dark and damp, and every step makes an echo. Water drops from the roof.
mill|The great wheel turns in the water. Inside all is white with flour, and the miller is singing.
desert|There is nothing but sand as far as one can see. The sun is hot, and there is no water.
library|There are books up to the ceiling. It is so quiet that one can hear the pages turn.
farm|There are cows in the barn and hens in the yard. The farmer gets up before the sun.
"""

LISTS_TO_COUNT = "one two three four five six seven eight nine ten eleven twelve".split()

YEAR_FACTS = """
How many days are in a week?|There are seven days in a week.
How many months are in a year?|There are twelve months in a year.
How many days are in a year?|There are three hundred and sixty-five days in a year.
How many hours are in a day?|There are twenty-four hours in a day.
How many minutes are in an hour?|There are sixty minutes in an hour.
How many seasons are there?|There are four seasons: spring, summer, autumn and winter.
How many fingers do you have on one hand?|There are five fingers on one hand.
How many letters are in the alphabet?|There are twenty-six letters in the alphabet.
How many wheels does a cart have?|A cart has two or four wheels.
How many sides does a triangle have?|A triangle has three sides.
How many sides does a square have?|A square has four sides.
What is the first month of the year?|The first month of the year is January.
What is the last month of the year?|The last month of the year is December.
What is the first day of the week?|Many people say Monday, and some say Sunday.
In which season does it snow?|It snows in winter.
In which season do leaves fall?|The leaves fall in autumn.
In which season do flowers begin to grow?|Flowers begin to grow in spring.
Which season is the hottest?|Summer is the hottest season.
Which season is the coldest?|Winter is the coldest season.
Where does the sun rise?|The sun rises in the east.
Where does the sun set?|The sun sets in the west.
What comes after night?|After night comes day.
What do bees make?|Bees make honey.
What do hens lay?|Hens lay eggs.
What do cows give us?|Cows give us milk.
What do sheep give us?|Sheep give us wool.
What is bread made of?|Bread is made of flour and water.
What is cheese made of?|Cheese is made of milk.
What is ice made of?|Ice is made of water.
What is glass made of?|Glass is made of sand.
What is a table made of?|A table is made of wood.
What is a sword made of?|A sword is made of steel.
Where do fish live?|Fish live in the water.
Where do birds live?|Birds live in nests.
Where does a king live?|A king lives in a palace.
What do we breathe?|We breathe air.
What do plants need?|Plants need water, light and earth.
What shines at night?|The moon and the stars shine at night.
What falls from the clouds?|Rain and snow fall from the clouds.
What is the biggest animal?|The biggest animal is the whale.
What is the tallest animal?|The tallest animal is the giraffe.
Who is the king of the animals?|The lion is called the king of the animals.
Is the earth flat?|No, the earth is round like a ball.
Is the sun hot?|Yes, the sun is very hot.
Is ice cold?|Yes, ice is cold.
Is fire cold?|No, fire is hot.
Is sugar sweet?|Yes, sugar is sweet.
Is a lemon sweet?|No, a lemon is sour.
Can people fly?|No, people cannot fly without a machine.
Do trees walk?|No, trees stand still all their lives.
"""
