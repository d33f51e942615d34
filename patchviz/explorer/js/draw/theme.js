// The theme of a page of ours, said as JupyterLab says it.

export function follow_theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => Object.assign(document.body.dataset, { jpThemeLight: String(!dark.matches), jpThemeName: dark.matches ? "dark" : "light" });
  dark.addEventListener("change", apply);
  apply();
}
