"""Articles for tests, written as the Knowledge page writes them."""


def shelve(product, title, text, *, visibility="public", article=None, **more):
    """Write an article, or with `article` (id) one more version of it; its public id."""
    me = product.person()
    base = product.knowledge.article(me, article).row.version if article else None
    given = {"tags": (), "language": "en", "valid_from": None, "valid_until": None} | more
    written = product.knowledge.write(
        me, article, title=title, text=text, visibility=visibility, base_version=base, **given
    )
    return written.row.id
