// Tables that are wider than their place: which edges cut them, for the style to show.

function scrolls() {
  const say = (box) => {
    const hidden = box.scrollWidth - box.clientWidth;
    box.classList.toggle("more-left", box.scrollLeft > 1);
    box.classList.toggle("more-right", hidden - box.scrollLeft > 1);
  };
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => say(target.closest(".scroll"))));
  for (const box of document.querySelectorAll(".scroll")) {
    box.addEventListener("scroll", () => say(box), { passive: true });
    sizes.observe(box);
    if (box.firstElementChild) sizes.observe(box.firstElementChild);
  }
}
