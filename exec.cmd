@rem npm start under Windows: cmd has no exec, which elsewhere replaces the shell between npm and the server.
@%*
