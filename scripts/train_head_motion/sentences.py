"""What is spoken for training: written for it, plain sentences of a service desk and of small talk."""

SENTENCES = """
Good morning, how can I help you today?
I'm sorry to hear that, let me have a look.
Your order left our warehouse this morning and should arrive tomorrow.
That is a very good question, and the answer is not as simple as it seems.
Could you tell me the number on the back of the card?
No, that is not what I meant.
Well, first you open the lid, then you press the small button on the left.
I would love to, but I really have to finish this first.
We have three rooms left: one with a view of the sea, and two towards the garden.
Thank you so much, that was very kind of you.
Never mind, it happens to everybody.
What a wonderful surprise!
The museum opens at ten, but the line is already long at half past nine.
If you change your mind, just write to us within fourteen days.
I cannot promise that, but I will ask my colleague right away.
Yes.
Wait a moment, please.
Most people think that the desert is silent, yet at night it is full of sound.
You can pay by card, by bank transfer, or in cash when it arrives.
Honestly, I did not expect it to work on the first attempt.
My grandmother used to say that patience is a bitter plant with sweet fruit.
The train to the airport leaves from platform seven, every twenty minutes.
That depends on how much time you have.
Please do not touch that, it is still hot.
Look at that, the whole valley is white.
It took us eleven years, two hundred sketches and a great deal of coffee.
I understand your concern, and I will pass it on.
Are you sure that the window was closed?
In short, the cheaper one is good enough for you.
See you next week, then.
您好，请问有什么可以帮您？
很抱歉给您带来不便，我马上查一下。
您的包裹今天早上已经发出，预计明天下午送到。
这个问题很好，不过答案并没有看起来那么简单。
请您把卡背面的号码告诉我。
不是，我不是这个意思。
先打开盖子，再按左边的小按钮。
谢谢您，真是太感谢了。
没关系，谁都会遇到这样的事。
真没想到，太好了！
博物馆十点开门，可是九点半就已经排起了长队。
如果您改变主意，十四天之内都可以退货。
我不能保证，但是我会马上去问。
好的。
请稍等一下。
山里的夜晚并不安静，到处都是虫鸣。
可以刷卡，也可以转账。
说实话，我没想到第一次就成功了。
去机场的火车每二十分钟一班，在七号站台。
请不要碰，还很烫。
""".strip().splitlines()
