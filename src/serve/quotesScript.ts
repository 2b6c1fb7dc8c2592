/**
 * What runs in the pages of the sample quotes site: `/quotes.js`. The body's `data-style` says how the quotes come.
 * Written for browsers, and without a build step: it is served as it stands here.
 */
export const quotesScript = `'use strict';
const style = document.body.dataset.style;
const list = document.querySelector('#quotes');
const status = document.querySelector('#status');

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(quote) {
  const box = element('div', 'quote');
  box.dataset.number = quote.number;
  const by = element('span');
  by.append('by ', element('small', 'author', quote.author));
  const tags = element('div', 'tags');
  for (const tag of quote.tags) tags.append(element('a', 'tag', tag), ' ');
  box.append(element('span', 'text', quote.text), by, tags);
  return box;
}

function add(quotes) {
  for (const quote of quotes) list.append(row(quote));
}

/** Answers of the site's own API; an error is shown, and thrown. */
async function ask(query) {
  const response = await fetch('/api/quotes?' + new URLSearchParams(query));
  status.textContent = response.ok ? '' : 'The quotes did not come: ' + response.status;
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function sayEnd() {
  list.after(Object.assign(element('p', '', 'No more quotes.'), { id: 'end' }));
}

let page = 0;
let isBusy = false;
/** Adds the next page; whether there is more. After an error the same page is asked for again. */
async function addNext() {
  const answer = await ask({ page: page + 1 });
  page = answer.page;
  add(answer.quotes);
  if (!answer.has_next) sayEnd();
  return answer.has_next;
}

/** More quotes whenever the bottom comes into view. */
function scrolling(afterAdding) {
  const bottom = document.querySelector('#bottom');
  const observer = new IntersectionObserver(async (entries) => {
    if (isBusy || !entries.some((entry) => entry.isIntersecting)) return;
    isBusy = true;
    observer.unobserve(bottom);
    const hasMore = await addNext().catch(() => true);
    afterAdding();
    isBusy = false;
    // Observed anew, it says again whether it is in view.
    if (hasMore) observer.observe(bottom);
    else bottom.remove();
  });
  observer.observe(bottom);
}

/** Rows that have scrolled away are dropped, as long lists do; their height stays. */
function dropRowsAbove() {
  const spacer = document.querySelector('#spacer');
  const surplus = [...list.querySelectorAll('.quote')].slice(0, -25);
  const height = surplus.reduce((sum, one) => sum + one.offsetHeight, 0);
  spacer.style.height = (parseFloat(spacer.style.height) || 0) + height + 'px';
  for (const one of surplus) one.remove();
}

function onMore(button) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    const hasMore = await addNext().catch(() => true);
    button.disabled = false;
    if (!hasMore) button.remove();
  });
}

async function showTopic(query) {
  const { quotes } = await ask(query);
  list.replaceChildren();
  add(quotes);
  list.dataset.shows = Object.values(query).join(' ');
}

function moreButton() {
  return Object.assign(element('button', '', 'Load more'), { id: 'more', type: 'button' });
}

const styles = {
  js() {
    add(JSON.parse(document.querySelector('#data').textContent));
  },
  async delayed() {
    const answer = await ask({ page: document.body.dataset.page });
    add(answer.quotes);
    const next = document.querySelector('li.next');
    if (next) next.hidden = false;
  },
  scroll: () => scrolling(() => undefined),
  virtual: () => scrolling(dropRowsAbove),
  more() {
    onMore(document.querySelector('#more'));
    return addNext();
  },
  late() {
    const begin = document.querySelector('#begin');
    begin.addEventListener('click', () => {
      begin.disabled = true;
      setTimeout(() => {
        const button = moreButton();
        onMore(button);
        begin.replaceWith(button);
      }, Number(document.body.dataset.lateMs));
    });
  },
  tabs() {
    const tabs = document.querySelectorAll('[role=tab]');
    for (const tab of tabs) {
      tab.addEventListener('click', () => {
        for (const other of tabs) other.ariaSelected = String(other === tab);
        return showTopic({ topic: tab.dataset.topic });
      });
    }
    tabs[0].click();
  },
  search() {
    document.querySelector('form').addEventListener('submit', (event) => {
      event.preventDefault();
      const { topic, word } = event.target.elements;
      return showTopic({ topic: topic.value, word: word.value });
    });
  },
  dialogs() {
    alert('This site has quotes.');
    const consent = document.querySelector('#consent');
    consent.showModal();
    document.querySelector('#accept').addEventListener('click', async () => {
      window.open('/advert/');
      if (!confirm('Do you want to see fewer quotes?')) {
        consent.close();
        consent.remove();
        while (await addNext());
      }
    });
  },
  async members() {
    const signIn = document.querySelector('#sign-in');
    if (signIn === null) {
      while (await addNext());
      return;
    }
    signIn.addEventListener('click', () => {
      document.cookie = 'member=yes; path=/';
      location.reload();
    });
  },
};
Promise.resolve(styles[style]?.()).catch((error) => console.error(error));
`;
