"""Words of questions that say nothing about a product: greetings, requests, and words about its price."""

POLITE = frozenset(
    """
    سلام درود وقت وقتتون وقتتان بخیر صبح عصر ببخشید ببخشین لطفا خواهشا ممنون ممنونم مرسی متشکرم تشکر خسته نباشید
    نباشین جناب عزیز خواهش میخوام میخواستم میخواهم میخواهیم میخوایم خواستم خواهم خوام خواستیم دارید دارین داری
    داره دارم دارن دارد هست هستش هستین هستید است باشه باشد باشند بود موجوده چی چیه چه کدوم کدام پیشنهاد
    میدی میدید میدین میدهید دید معرفی کنید کنین کن میکنید میکنین میکنی بفرمایید بفرمائید بگید بگین بگو بدین
    بدید بگیرم بگیریم بخرم بخریم بخره خرید میخرم میگردم دنبال لازم نیاز میشه میشود اگه اگر یه یک یکی چیزی چیز
    از در به با و که را رو هم این اون آن ان برای واسه برام برامون من ما شما خودم آیا ایا هنوز فقط خیلی
    ارزان ارزون قیمت قیمتش چند چنده
    a an the i im me my we our you your it its is are am be do does did have has had can could would will should
    may any some one that this these those there what which who whom how much many please hi hello hey thanks
    thank want need looking look search searching find buy buying get give show recommend recommendation suggest
    suggestion tell sell selling offer for of to in with and or on at from as good best nice cheap price s m ve re
    """.split()
)
