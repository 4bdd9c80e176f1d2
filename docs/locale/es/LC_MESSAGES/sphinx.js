/* What a search says. Sphinx's own Spanish leaves out how many pages were found. */
Documentation.addTranslations({
    "locale": "es",
    "messages": {
        ", in ": ", en ",
        "Hide Search Matches": "Ocultar lo resaltado",
        "Preparing search...": "Preparando la búsqueda…",
        "Search Results": "Resultados de la búsqueda",
        "Search finished, found one page matching the search query.": [
            "Se encontró una página.",
            "Se encontraron ${resultCount} páginas."
        ],
        "Searching": "Buscando",
        "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.": "Ninguna página contiene todas esas palabras. Comprueba cómo están escritas, o busca menos."
    },
    "plural_expr": "n == 1 ? 0 : 1"
});
