"""What the assistant reads about a product."""

from dataclasses import replace
from decimal import Decimal
from itertools import product as every

from contracts.catalog import Attribute, Facts, Product, Variation
from contracts.products.details import CustomField, Details, Dimensions, Part, Weight
from knowledge.content import canonical
from knowledge.document import Document, render


def form(description: str = "", *, visible: bool = True, **options: str) -> Variation:
    return Variation(
        external_id=str(options),
        parent="1",
        options=tuple(
            Attribute(name=name, options=(value,) if value else ()) for name, value in options.items()
        ),
        description=description,
        facts=Facts(price=Decimal("98765"), sku="SKU-9", link="https://shop.example/v", image="v.jpg"),
        visible=visible,
    )


LAPTOP = Product(
    external_id="1",
    title="لپ‌تاپ &amp; کیف",
    short_description="<p>سبک</p>",
    description="<h2>معرفی</h2>\n<p>برای دانشجویان</p><table><tr><th>حافظه</th><td>512GB</td></tr></table>",
    categories=("لپ‌تاپ", "Clothing &amp; Accessories"),
    tags=("حراج 🔥", "جدید"),
    brands=("ایسوس",),
    attributes=(
        Attribute(name="گارانتی", options=("۱۸ ماه",)),
        Attribute(name="رنگ", options=("مشکی", "نقره‌ای")),
    ),
    currency="IRT",
    facts=Facts(
        price=Decimal("12345"), stock_quantity=Decimal("777"), sku="SKU-1", link="https://shop.example/p"
    ),
)


def test_a_simple_product() -> None:
    """Everything with meaning is there, in Persian, in paragraphs."""
    assert render(canonical(LAPTOP, [])) == Document(
        title="لپ‌تاپ & کیف",
        text="""سبک

دسته‌بندی: Clothing & Accessories، لپ‌تاپ
برند: ایسوس
برچسب‌ها: جدید، حراج 🔥

ویژگی‌ها:
- رنگ: مشکی، نقره‌ای
- گارانتی: ۱۸ ماه

معرفی
برای دانشجویان

حافظه: 512GB""",
    )


def test_a_variable_product() -> None:
    """Options read once with their values, then combinations and descriptions; hidden forms do not."""
    forms = [
        form(رنگ="مشکی", سایز="10"),
        form(رنگ="نقره‌ای", سایز="9", description="<p>مات</p>"),
        form(رنگ="سبز", سایز="9", visible=False),
        form(رنگ="نقره‌ای", سایز="", description="مات"),
    ]
    plain = Product(external_id="1", title="کیف", attributes=LAPTOP.attributes)
    text = """ویژگی‌ها:
- گارانتی: ۱۸ ماه

مدل‌های موجود:
- رنگ: مشکی، نقره‌ای
- سایز: 9، 10
- ترکیب‌ها: مشکی / 10، نقره‌ای / 9

نقره‌ای، نقره‌ای / 9: مات"""
    assert render(canonical(plain, forms)) == Document(title="کیف", text=text)


def test_many_variations_stay_short() -> None:
    """A thousand variations read as the values of their options."""
    forms = [form(رنگ=f"رنگ {a}", سایز=f"{b}", جنس=f"جنس {c}") for a, b, c in every(range(10), repeat=3)]
    text = render(canonical(LAPTOP, forms)).text
    assert len(text) < 500
    assert "- سایز: 0، 1، 2، 3، 4، 5، 6، 7، 8، 9" in text
    assert "ترکیب‌ها" not in text


def test_one_description_of_many_variations_reads_once() -> None:
    """The same description on every form is one paragraph, without a list of forms too long to help."""
    forms = [form(رنگ=f"رنگ شماره {number}", description="شستشو با آب سرد") for number in range(100)]
    assert render(canonical(LAPTOP, forms)).text.count("\n\nشستشو با آب سرد") == 1


def test_no_facts_are_read() -> None:
    """No price, stock, code, link or image is in the text."""
    document = render(canonical(LAPTOP, [form(رنگ="مشکی")]))
    assert not [
        fact for fact in ("12345", "98765", "777", "SKU", "http", "jpg", "IRT") if fact in document.text
    ]


def test_a_description_given_twice_reads_once() -> None:
    """A description equal to the short one is not repeated."""
    assert render(canonical(replace(LAPTOP, description="<div>سبک</div>"), [])).text.count("سبک") == 1


def test_an_empty_product() -> None:
    """A bare title has no text; nothing has neither."""
    assert render(canonical(Product(external_id="1", title="کتاب"), [])) == Document(title="کتاب", text="")
    nothing = canonical(Product(external_id="1", title=" <p></p>"), [form()])
    assert render(nothing) == Document(title="", text="")


def test_measures_sets_and_custom_fields() -> None:
    """With their units in Persian and as the shop writes them, and only the sides that are known."""
    details = Details(
        weight=Weight(value=Decimal("250.00"), unit="g"),
        dimensions=Dimensions(length=Decimal(8), width=Decimal("9.5"), height=Decimal(10), unit="cm"),
        grouped_children=(Part(external_id="2", name="نعلبکی"), Part(external_id="1", name="فنجان")),
        custom_fields=(CustomField(name="گارانتی", value="دو سال"),),
        average_rating=Decimal(5),
    )
    assert (
        render(canonical(Product(external_id="1", title="سرویس", details=details), [])).text
        == """مشخصات:
- وزن: 250 گرم (g)
- ابعاد: 8 × 9.5 × 10 سانتی‌متر (cm)
- گارانتی: دو سال
- محصولات این مجموعه: فنجان، نعلبکی"""
    )
    some = Details(dimensions=Dimensions(length=Decimal(100), height=Decimal(2), unit="foot"))
    text = render(canonical(Product(external_id="1", title="میز", details=some), [])).text
    assert text == "مشخصات:\n- ابعاد: طول 100، ارتفاع 2 foot"
