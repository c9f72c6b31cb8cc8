// Small helps on top of pages that work without a script.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  } catch {
    field.focus(); // the text is selected: the person can copy it with the keyboard
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form.picker");
  if (form) form.requestSubmit();
});

// What a script asks for may fail: the page says so where the person looks, and goes on when it can.

const trouble = (...notes) => document.getElementById("trouble")?.replaceChildren(...notes);

const unreachable = () => trouble(document.getElementById("unreachable").content.cloneNode(true));

document.addEventListener("htmx:before:response", (event) => {
  const { response } = event.detail.ctx;
  if (response.status < 400) {
    trouble();
  } else if (!response.headers.has("HX-Retarget")) {
    event.preventDefault(); // an answer of another program, such as a proxy, is no part of the page
    unreachable();
  }
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx && !event.detail.ctx.response) unreachable();
});
