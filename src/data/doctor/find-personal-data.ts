// E-mail addresses, telephone and card numbers in a text, by their form. A form can mislead: what is found is shown, never
// changed by itself. Card numbers have to pass Luhn's check and begin as a card network's do (ISO/IEC 7812), telephone numbers
// need a sign of being one: a plus, brackets, or groups.

export type PersonalKind = 'e-mail' | 'telephone' | 'card';

export interface PersonalSpan {
  readonly kind: PersonalKind;
  readonly start: number;
  readonly end: number;
}

const EMAIL =
  /[a-z0-9](?:[a-z0-9._%+-]{0,62}[a-z0-9_%+-])?@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}\b/gi;
const CARD = /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]*\d)/g;
/** +49 30 1234567, (030) 123 45 67, 555-123-4567, 020 7946 0958. */
const TELEPHONE =
  /(?<![\w.,-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}|\(\d{2,5}\)[ .-]?\d{3,4}(?:[ .-]?\d{2,4}){1,2}|\d{3}[ .-]\d{3}[ .-]\d{4}|0\d{2,4}[ -]\d{3,4}[ -]\d{3,4})(?![\w-]|[ .,]\d)/g;

/** In order, without overlaps: an address before a card before a telephone number. */
export function findPersonalData(text: string): PersonalSpan[] {
  const spans: PersonalSpan[] = [];
  const take = (kind: PersonalKind, pattern: RegExp, isReal: (match: string) => boolean) => {
    for (const match of text.matchAll(pattern)) {
      const span = { kind, start: match.index, end: match.index + match[0].length };
      if (isReal(match[0]) && !spans.some((other) => other.start < span.end && span.start < other.end))
        spans.push(span);
    }
  };
  if (text.includes('@')) take('e-mail', EMAIL, () => true);
  if (/\d{2}/.test(text)) {
    take('card', CARD, isCard);
    take('telephone', TELEPHONE, isTelephone);
  }
  return spans.sort((a, b) => a.start - b.start);
}

/** The text with each span replaced by its kind in brackets. */
export function hidePersonalData(text: string): string {
  let out = '';
  let at = 0;
  for (const { kind, start, end } of findPersonalData(text)) {
    out += `${text.slice(at, start)}[${kind}]`;
    at = end;
  }
  return out + text.slice(at);
}

/** Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay; not one digit again and again. */
function isCard(match: string): boolean {
  const digits = match.replace(/\D/g, '');
  return /^(?:4|5[1-5]|2[2-7]|3[4-9]|6)/.test(digits) && !/^(\d)\1+$/.test(digits) && passesLuhn(digits);
}

export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** E.164 has at most 15 digits, and no number that is dialled between towns has fewer than 8. */
function isTelephone(match: string): boolean {
  const digits = match.replace(/\D/g, '');
  return (
    digits.length >= 8 &&
    digits.length <= 15 &&
    !/^(\d)\1+$/.test(digits) &&
    !/^(?:19|20)\d{2}[ .-](?:19|20)\d{2}/.test(match)
  );
}
