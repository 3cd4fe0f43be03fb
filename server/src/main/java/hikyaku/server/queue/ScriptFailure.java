package hikyaku.server.queue;

/**
 * What an account is told of its Sieve script that failed. All of it is text for people, each on
 * one line.
 *
 * @param account its address
 * @param script its name
 * @param line of the script; 0 if none is to blame
 * @param sentence what failed, in English
 * @param folder where the message was kept
 * @param from who wrote the message, or who sent it
 * @param subject empty if there is none
 * @param messageId empty if there is none
 */
public record ScriptFailure(
    String account,
    String script,
    int line,
    String sentence,
    String folder,
    String from,
    String subject,
    String messageId) {}
