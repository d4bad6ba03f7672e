/**
 * Sends the number of a field. A number that the field does not allow, or that the lab refuses,
 * gives way to the one before.
 */
export async function enter(
  field: Pick<HTMLInputElement, 'value' | 'valueAsNumber' | 'checkValidity'>,
  before: number,
  send: (value: number) => Promise<unknown>,
): Promise<void> {
  const fits = field.value !== '' && field.checkValidity();
  if (!fits || !(await send(field.valueAsNumber))) field.valueAsNumber = before;
}
