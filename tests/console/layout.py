"""What a loaded page looks like: what leaves its place, runs too long, or is in another language."""

from typing import Final

LONGEST_LINE: Final = 56
"""In widths of the letter m: about 110 letters, after which the eye loses the next line."""

NAMES: Final = (
    *("Postgres", "Temporal", "curl", "MCP", "JSON", "Bearer", "Standard", "Webhooks", "Sync", "API", "SKU"),
    *("IRT", "IRR", "EUR", "HTTP", "https", "shop", "example"),
)
"""Words in Latin letters that Persian sentences have, with the names of settings: names, and codes."""

MISPLACED: Final = """
    () => {
        const width = document.documentElement.clientWidth;
        const found = [];
        const named = (one) => one.outerHTML.replace(/\\s+/g, " ").slice(0, 140);
        if (document.documentElement.scrollWidth > width)
            found.push(`the page is ${document.documentElement.scrollWidth} wide`);
        for (const one of document.querySelectorAll("body *")) {
            if (one.closest(".skip, .unseen, .wide, pre, svg, select, datalist")) continue;
            const box = one.getBoundingClientRect();
            if (!box.width || !box.height) continue;
            if (box.left < -1 || box.right > width + 1) found.push(`outside: ${named(one)}`);
            if (one.matches("input, textarea, progress, meter")) continue;
            const inside = one.clientWidth;
            if (inside && one.scrollWidth > inside + 1) found.push(`cut off: ${named(one)}`);
        }
        return found;
    }
"""
"""Returns what is wider than the window or than its own box; parts that scroll by themselves may be."""

TOO_LONG: Final = """
    (most) => {
        const found = [];
        const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            const around = text.parentElement;
            if (around.closest("pre, .wide, textarea, select, svg, script, noscript")) continue;
            const range = document.createRange();
            range.selectNode(text);
            const widest = Math.max(0, ...[...range.getClientRects()].map((line) => line.width));
            if (widest > most * parseFloat(getComputedStyle(around).fontSize)) found.push(text.data.trim());
        }
        return found;
    }
"""
"""Returns the texts with a line that is longer than so many widths of m."""

FOREIGN: Final = """
    (names) => {
        const found = [];
        const own = "bdi, code, pre, textarea, input, script, style, noscript, [lang=en], select[name=store]";
        const strange = /[0-9\\u0660-\\u0669\\u064a\\u0643]/;
        const isName = (word) => names.includes(word) || word.startsWith("PILITO_");
        const words = (said) => (said.match(/[A-Za-z_]{2,}/g) || []).filter((word) => !isName(word));
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            if (text.parentElement.closest(own)) continue;
            const said = text.data.replace(/\\u2066.*?\\u2069/g, "").trim();
            if (words(said).length || strange.test(said)) found.push(said.slice(0, 140));
        }
        for (const one of document.querySelectorAll("[aria-label], [alt], [data-done]"))
            for (const said of [one.ariaLabel, one.alt, one.dataset.done])
                if (said && words(said).length) found.push(said);
        if (words(document.title).length && !document.querySelector("h1 bdi")) found.push(document.title);
        return found;
    }
"""
"""Returns the texts of a Persian page with Latin words, or digits or letters of another script.

Names and codes stand in elements of their own, which isolate them from the direction of their sentence.
"""
