/** As an input element of type `number`. */
interface NumberField {
  readonly value: string;
  valueAsNumber: number;
  checkValidity(): boolean;
}

/**
 * Sends the number of a field. A number that the field does not allow, or that the lab refuses,
 * gives way to the one before.
 */
export async function enter(
  field: NumberField,
  before: number,
  send: (value: number) => Promise<unknown>,
): Promise<void> {
  const fits = field.value !== '' && field.checkValidity();
  if (!fits || !(await send(field.valueAsNumber))) field.valueAsNumber = before;
}
