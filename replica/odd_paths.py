"""Which parts of an answer are optional, and what is due at each; `replica.odd` says what comes instead.

Never odd: what identifies a store (`v_rid`, `nm`, `rn`), the list of a search itself, and `total_cnt`.
"""

from __future__ import annotations

from replica.odd import read_slots

SECTIONS = (
    "detail", "menu", "photo", "score", "review", "blog", "tag", "seo", "banner", "nearby", "ranking", "coupon",
    "video", "faq", "notice",
)  # fmt: skip
WHOLE = {
    key: "section" if key in {"detail", "menu", "photo", "review", "blog"} else "section of one" for key in SECTIONS
}  # of those with one field, the section alone and the section without its field are the same

RESTAURANT = {
    "restaurant.branch": "text?", "restaurant.name": "text", "restaurant.area": "text", "restaurant.categories": "list",
    "restaurant.categories[]": "a text", "restaurant.desc": "list", "restaurant.score": "number",
    "restaurant.lat": "number", "restaurant.lng": "number", "restaurant.phone": "text?", "restaurant.img": "text?",
    "restaurant.images": "object", "restaurant.images.list": "list", "restaurant.images.list[]": "a picture",
    "restaurant.images.list[].origin": "text", "restaurant.images.list[].thumb": "text",
    "restaurant.images.list[].middle": "text", "restaurant.images.list[].user_name": "text",
}  # fmt: skip
DETAIL = {
    "detail.address": "text", "detail.road_address": "text?", "detail.phone": "text?", "detail.tag": "list",
    "detail.tag[]": "a text", "detail.facility": "list", "detail.facility[]": "a text", "detail.status": "object",
    "detail.status.is_open": "flag", "detail.status.color": "text", "detail.status.time": "text",
    "detail.bhour": "list", "detail.bhour[]": "an object", "detail.bhour[].duration": "text",
    "detail.bhour[].time": "text", "detail.bhour[].today": "flag", "detail.bhour_seo": "list",
    "detail.bhour_seo[]": "an object", "detail.bhour_seo[].duration": "text", "detail.bhour_seo[].time": "text",
}  # fmt: skip
MENU = {
    "menu.list": "list", "menu.list[]": "an object", "menu.list[].menu": "text?", "menu.list[].price": "text",
    "menu.list[].description": "text", "menu.list[].best": "flag", "menu.list[].rank": "number",
    "menu.list[].selection_count": "number", "menu.list[].selection_rate": "number",
    "menu.list[].review_count": "number", "menu.list[].comment_count": "number", "menu.menu_total_count": "number",
}  # fmt: skip
VISITORS = {
    "photo.total_count": "number", "photo.list": "list", "photo.list[]": "a picture", "photo.list[].origin": "text",
    "score.score": "object", "score.score.average": "number", "score.score.total": "number",
    "score.score.review_total": "number", "score.score.taste": "number", "score.score.taste_info": "object",
    "score.score.taste_info.average": "number", "score.score.text": "text",
    "review.page": "number", "review.total_cnt": "number", "review.total_page": "number", "review.list": "list",
    "review.list[]": "an object", "review.list[].review_info": "object",
    "review.list[].review_info.review_total_score": "text", "review.list[].review_info.review_img": "list",
    "review.list[].user_info": "object", "review.list[].user_info.photo": "text",
    "blog.total_cnt": "number", "blog.list": "list", "blog.list[]": "an object", "blog.list[].title": "text",
    "tag.tag": "object", "tag.tag.word": "list", "tag.tag.word[]": "a text", "tag.tag.word_w": "list",
    "tag.tag.word_m": "list",
}  # fmt: skip
EXTRAS = {f"{key}.list": "list" for key in SECTIONS[7:]}

PAGE_SLOTS = read_slots(
    {**WHOLE, **RESTAURANT, **DETAIL, **MENU, **VISITORS, **EXTRAS},
)
# Of a row, without its `list[].`, which every path of a row begins with.
ROW_SLOTS = read_slots({
    "branch": "text?", "addr": "text", "road_addr": "text?", "phone": "text?", "category": "text", "area": "texts",
    "area[]": "a text", "lat": "number", "lng": "number", "score": "number", "user_score": "number",
    "review_cnt": "number", "open_status": "text", "image": "text", "image_list": "list", "image_list[]": "a picture",
    "image_list[].origin": "text", "keyword": "list", "keyword[]": "an object", "keyword[].term": "text",
    "keyword[].mark": "number", "distance": "text", "display_review": "object?",
    "display_review.review_cont": "text",
})  # fmt: skip
LIST_SLOTS = read_slots({
    "poi_section.region": "text", "poi_section.region_name": "text", "poi_section.order": "text",
    "poi_section.alt_queries": "list", "poi_section.params": "object", "poi_section.params.rcount": "number",
    "poi_section.params.search_type": "text", "poi_section.params.region_keyword": "object",
    "poi_section.params.region_keyword.region": "text", "poi_section.params.ranking_params": "object",
    "poi_section.list[]": "an object",
})  # fmt: skip
# Of a page for people: its JSON-LD, and two lists that it shows (`html.hours[]`: of the layout of 2026, one time more
# than there are dates; of the older one, a line without its parts; `html.menu[]`: a line without a name).
HTML_SLOTS = read_slots({
    "json-ld.telephone": "text or number", "json-ld.address": "object",
    "json-ld.address.addressRegion": "text or number", "json-ld.address.addressLocality": "text or number",
    "json-ld.address.streetAddress": "text or number", "json-ld.servesCuisine": "texts",
    "json-ld.servesCuisine[]": "a text", "json-ld.aggregateRating": "object",
    "json-ld.aggregateRating.ratingValue": "number", "json-ld.aggregateRating.reviewCount": "number",
    "json-ld.hasMenu": "object", "json-ld.hasMenu.hasMenuItem": "list", "json-ld.hasMenu.hasMenuItem[]": "an object",
    "json-ld.hasMenu.hasMenuItem[].offers": "object", "json-ld.hasMenu.hasMenuItem[].offers.price": "text or number",
    "json-ld.geo": "object", "json-ld.geo.latitude": "number", "json-ld.geo.longitude": "number",
    "json-ld.review": "list", "json-ld.review[]": "an object", "json-ld.image": "texts", "json-ld.image[]": "a text",
    "html.hours[]": "a line", "html.menu[]": "a line",
})  # fmt: skip
