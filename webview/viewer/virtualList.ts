/** A browser's elements can't be higher than about 33 million pixels. */
const tallestPx = 8_000_000;

/** What a list shows. */
export interface VisibleRows {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
}

/**
 * Scrolling through any number of rows of one height: the scroll bar is as long as all of them, and where that would be
 * too long for a browser, a part of it stands for more. What is on the screen is asked for by `rows()`.
 */
export class VirtualList {
  readonly #scroller: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #rowPx: number;
  readonly #headPx: number;
  readonly #onScroll: () => void;
  #total = 0;
  /** Pixels above the first row that is seen, were the list as high as its rows. */
  #topPx = 0;
  /** What we have set ourselves: the event of that moves nothing. */
  #setTop = 0;

  /**
   * @param scroller scrolls; its only child is `sizer`.
   * @param sizer is made as high as the list.
   * @param headPx height of what stands above the rows and does not scroll away.
   */
  constructor(options: {
    scroller: HTMLElement;
    sizer: HTMLElement;
    rowPx: number;
    headPx: number;
    onScroll: () => void;
  }) {
    this.#scroller = options.scroller;
    this.#sizer = options.sizer;
    this.#rowPx = options.rowPx;
    this.#headPx = options.headPx;
    this.#onScroll = options.onScroll;
    this.#scroller.addEventListener('scroll', () => {
      const { scrollTop } = this.#scroller;
      if (Math.abs(scrollTop - this.#setTop) >= 1) this.#topPx = scrollTop * this.#scale();
      this.#setTop = scrollTop;
      this.#onScroll();
    });
    // Where a pixel of the bar stands for many rows, the wheel still moves by rows.
    this.#scroller.addEventListener(
      'wheel',
      (event) => {
        if (this.#scale() === 1 || event.deltaY === 0 || event.ctrlKey) return;
        event.preventDefault();
        const linePx = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? this.#rowPx : 1;
        this.#moveTo(this.#topPx + event.deltaY * linePx);
        this.#onScroll();
      },
      { passive: false },
    );
  }

  get total(): number {
    return this.#total;
  }

  /** How many rows are seen whole. */
  get page(): number {
    return Math.max(1, Math.floor(this.#viewPx() / this.#rowPx));
  }

  /** The first row that is seen, with the part of it that is not. */
  get top(): number {
    return this.#topPx / this.#rowPx;
  }

  /** Whether the last row is seen. */
  get isAtEnd(): boolean {
    return this.#topPx >= this.#lastTopPx() - 1;
  }

  /** Sets how many rows there are; the place stays. */
  resize(total: number): void {
    this.#total = total;
    this.#sizer.style.height = `${this.#headPx + Math.min(tallestPx, total * this.#rowPx)}px`;
    this.#moveTo(this.#topPx);
  }

  /** Scrolls so that a row is the first one. */
  scrollTo(top: number): void {
    this.#moveTo(top * this.#rowPx);
  }

  /** Scrolls as little as is needed to see a row. */
  reveal(index: number): void {
    const rowTop = index * this.#rowPx;
    if (rowTop < this.#topPx) this.#moveTo(rowTop);
    else if (rowTop + this.#rowPx > this.#topPx + this.#viewPx())
      this.#moveTo(rowTop + this.#rowPx - this.#viewPx());
  }

  rows(): VisibleRows {
    const first = Math.floor(this.#topPx / this.#rowPx);
    const end = Math.ceil((this.#topPx + this.#viewPx()) / this.#rowPx) + 1;
    return { first, end: Math.min(this.#total, end) };
  }

  /** Where a row stands inside the scrolled element. */
  offsetPx(index: number): number {
    return this.#headPx + index * this.#rowPx - this.#topPx + this.#scroller.scrollTop;
  }

  #viewPx(): number {
    return Math.max(0, this.#scroller.clientHeight - this.#headPx);
  }

  #lastTopPx(): number {
    return Math.max(0, this.#total * this.#rowPx - this.#viewPx());
  }

  /** Pixels of the list for one of the bar. */
  #scale(): number {
    if (this.#total * this.#rowPx <= tallestPx) return 1;
    return this.#lastTopPx() / Math.max(1, tallestPx - this.#viewPx());
  }

  #moveTo(px: number): void {
    this.#topPx = Math.min(Math.max(0, px), this.#lastTopPx());
    this.#setTop = this.#topPx / this.#scale();
    this.#scroller.scrollTop = this.#setTop;
    this.#setTop = this.#scroller.scrollTop;
  }
}
