package hikyaku.protocol.pop3;

import org.jspecify.annotations.Nullable;

/**
 * A line that is no command. Nothing of the line itself is kept: it may be a password gone astray.
 *
 * @param keyword the keyword, if it was one
 * @param fault what is wrong, in words fit for the client
 */
public record Malformed(@Nullable Keyword keyword, String fault) implements Parsed {}
