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
