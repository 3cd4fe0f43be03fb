package hikyaku.protocol.imap;

/**
 * A command as it came, to be read once more: by {@link CommandReader#again}.
 *
 * @param octets behind the tag, literals in place, one octet per char
 * @param utf8 whether mailbox names in it are UTF-8
 */
public record Remembered(String octets, boolean utf8) {}
