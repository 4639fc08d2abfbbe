/** Bars, one for each second, the highest as high as there is room. */

const HEIGHT = 20;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {SVGSVGElement} svg
 * @param {readonly number[]} bySecond oldest first
 */
export function drawSparkline(svg, bySecond) {
  const most = Math.max(1, ...bySecond);
  while (svg.childElementCount < bySecond.length) {
    const bar = document.createElementNS(SVG, 'rect');
    bar.setAttribute('x', String(svg.childElementCount));
    bar.setAttribute('width', '0.8');
    svg.append(bar);
  }
  bySecond.forEach((sold, i) => {
    const height = (sold / most) * HEIGHT;
    svg.children[i]?.setAttribute('y', String(HEIGHT - height));
    svg.children[i]?.setAttribute('height', String(height));
  });
  svg.setAttribute('aria-label', `The last minute: ${bySecond.at(-1)} a second now, ${Math.max(...bySecond)} at most`);
}
