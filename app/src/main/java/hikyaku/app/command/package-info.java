/**
 * The subcommands, one class for each noun. A command asks through a {@link hikyaku.app.Door} and
 * prints for people, or with {@code --json} what the admin interface answered.
 */
@NullMarked
package hikyaku.app.command;

import org.jspecify.annotations.NullMarked;
