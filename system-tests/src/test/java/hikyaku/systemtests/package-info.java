/**
 * The built program as its users meet it: started by {@code ./hikyaku}, spoken to by the mail
 * clients that people have. Nothing of the program's classes is seen here.
 */
package hikyaku.systemtests;
