/**
 * The configuration: one TOML file, read into records.
 *
 * <p>A record component is a key (in kebab case), a component that is itself a record is a table, a
 * component's {@code @param} is the key's description, and the record's {@code DEFAULTS} have its
 * default. Checks, the sample file and the manual's reference are all made from these, so a key is
 * said once. Records of other packages (limits of a protocol, settings of an engine) are used as
 * they stand.
 *
 * <p>Invariants: no key is needed; a key that means nothing is refused, and so is a value that does
 * not fit; all mistakes of a file are told at once, each with its line.
 */
@NullMarked
package hikyaku.app.config;

import org.jspecify.annotations.NullMarked;
